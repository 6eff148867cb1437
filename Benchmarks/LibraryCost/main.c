// What our string and table functions cost beside the standard ones: the same chunk in the system's Lua and in a strategy's state.
// `swift run -c release LibraryCost [rounds] [name]`; the best of seven runs each, processor time.
#include "CLua.h"
#include "StockLua.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const cases[][2] = {
    {"match kv","local s='alpha=12' local f=string.match for i=1,N do local a,b=f(s,'(%w+)=(%d+)') end"},
    {"find special","local s='the quick brown fox jumps over 12 dogs' for i=1,N do local a=s:find('%d+') end"},
    {"find plain","local s='the quick brown fox jumps over 12 dogs' for i=1,N do local a=s:find('dogs') end"},
    {"find plain long","local s=('x'):rep(5000)..'needle' for i=1,N/20 do local a=s:find('needle',1,true) end"},
    {"gmatch words","local s='the quick brown fox jumps over 12 dogs' for i=1,N/10 do for w in s:gmatch('%a+') do end end"},
    {"gsub fn","local s='the quick brown fox jumps' local f=function(c) return c end for i=1,N/10 do local a=s:gsub('%w+',f) end"},
    {"gsub str","local s='a,b,c,d,e,f' for i=1,N/5 do local a=s:gsub(',','; ') end"},
    {"gsub table","local s='$a $b $c' local t={a='1',b='2'} for i=1,N/5 do local a=s:gsub('%$(%w+)',t) end"},
    {"trim","local s='   some text here   ' for i=1,N do local a=s:match('^%s*(.-)%s*$') end"},
    {"lazy","local s='<a><b><c>' for i=1,N do local a=s:match('<(.-)>') end"},
    {"set","local s='2024-08-08T10:20:30' for i=1,N do local a,b=s:match('([%d-]+)T([%d:]+)') end"},
    {"format %d","local f=string.format for i=1,N do local a=f('%d',i) end"},
    {"format %s %.2f","local f=string.format for i=1,N do local a=f('%s %.2f','abc',i) end"},
    {"format %q","local f=string.format for i=1,N do local a=f('%q','abc\\ndef') end"},
    {"sub","local s='hello world' for i=1,N*2 do local a=s:sub(2,5) end"},
    {"byte","local s='hello world' for i=1,N*2 do local a=s:byte(3) end"},
    {"char","local f=string.char for i=1,N*2 do local a=f(65,66,67) end"},
    {"upper","local s='hello world' for i=1,N do local a=s:upper() end"},
    {"upper long","local s=('hello world'):rep(500) for i=1,N/20 do local a=s:upper() end"},
    {"rep","for i=1,N do local a=('ab'):rep(10,',') end"},
    {"reverse","local s='hello world' for i=1,N do local a=s:reverse() end"},
    {"len","local s='hello' local f=string.len for i=1,N*2 do local a=f(s) end"},
    {"pack","local f=string.pack for i=1,N do local a=f('<i4d',i,2.5) end"},
    {"unpack","local s=string.pack('<i4d',7,2.5) local f=string.unpack for i=1,N do local a=f('<i4d',s) end"},
    {"insert append","local f=table.insert for j=1,N/1000 do local t={} for i=1,1000 do f(t,i) end end"},
    {"insert front","local f=table.insert for j=1,N/1000 do local t={} for i=1,100 do f(t,1,i) end end"},
    {"remove last","local f,g=table.insert,table.remove local t={} for i=1,N do f(t,i) g(t) end"},
    {"remove front","local g=table.remove for j=1,N/1000 do local t={} for i=1,100 do t[i]=i end for i=1,100 do g(t,1) end end"},
    {"concat","local t={} for i=1,50 do t[i]='item'..i end for i=1,N/20 do local a=table.concat(t,',') end"},
    {"unpack t","local t={1,2,3,4,5} local f=table.unpack for i=1,N do local a=f(t) end"},
    {"pack t","local f=table.pack for i=1,N do local a=f(1,2,3) end"},
    {"move","local t={} for i=1,50 do t[i]=i end for i=1,N/20 do table.move(t,1,50,2,{}) end"},
    {"sort numbers","for j=1,N/2000 do local t={} for i=1,300 do t[i]=(i*7919)%1009 end table.sort(t) end"},
    {"sort floats","for j=1,N/2000 do local t={} for i=1,300 do t[i]=((i*7919)%1009)/3 end table.sort(t) end"},
    {"sort texts","for j=1,N/2000 do local t={} for i=1,300 do t[i]='k'..((i*7919)%1009) end table.sort(t) end"},
    {"sort by function","local f=function(a,b) return a>b end for j=1,N/2000 do local t={} for i=1,300 do t[i]=(i*7919)%1009 end table.sort(t,f) end"},
    {"sort small","for j=1,N/5 do local t={3,1,2,5,4} table.sort(t) end"},
    {"sort tables","local f=function(a,b) return a.k<b.k end for j=1,N/2000 do local t={} for i=1,300 do t[i]={k=(i*7919)%1009} end table.sort(t,f) end"},
    {"sort sorted","for j=1,N/2000 do local t={} for i=1,300 do t[i]=i end table.sort(t) end"},
    {"utf8.len","local s='héllo wörld' for i=1,N do local a=utf8.len(s) end"},
    {"utf8.char","for i=1,N do local a=utf8.char(8364,65) end"},
    {"tables made","for i=1,N do local t={i,i+1,k=i} end"},
    {"concat op","for i=1,N do local a='x'..i..'y' end"},
    {"closures","for i=1,N do local f=function() return i end end"},
    {"growing table","for j=1,N/1000 do local t={} for i=1,1000 do t[i]=i end end"},
    {"loop","local x=0 for i=1,N*10 do x=x+i%7 end"},
};

static double spent(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double standard(const char *chunk) {
    char out[256];
    double begun = spent();
    if (!stock_run(chunk, strlen(chunk), out, sizeof out)) printf("standard: %s\n", out);
    return spent() - begun;
}

static double ours(const char *chunk) {
    clua_host host;
    memset(&host, 0, sizeof host);
    clua_state *state = clua_open(64 << 20, 1, &host, NULL, 0);
    double begun = spent();
    if (clua_run(state, (clua_text){chunk, strlen(chunk)}, "cost.lua")) printf("ours: %s\n", clua_error_message(clua_last_error(state)));
    double time = spent() - begun;
    clua_close(state);
    return time;
}

int main(int count, char **words) {
    const char *rounds = count > 1 ? words[1] : "100000";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (count > 2 && !strstr(cases[i][0], words[2])) continue;
        char chunk[2000];
        snprintf(chunk, sizeof chunk, "local N = %s %s", rounds, cases[i][1]);
        double best[2] = {1e9, 1e9};
        for (int run = 0; run < 7; run++) {
            double one = standard(chunk), other = ours(chunk);
            if (one < best[0]) best[0] = one;
            if (other < best[1]) best[1] = other;
        }
        printf("%-18s standard %8.2f ms, ours %8.2f ms: %.2f\n", cases[i][0], best[0], best[1], best[1] / best[0]);
    }
    return 0;
}
