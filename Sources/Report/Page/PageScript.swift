/// The page's only script: it sorts the table of trades and shows values under the pointer. Everything can be read without it.
enum PageScript {
    static let source = """
        (()=>{"use strict";
        for(const table of document.querySelectorAll("table.sorts")){const body=table.tBodies[0];
        table.querySelectorAll("th button").forEach((button,column)=>button.addEventListener("click",()=>{
        const head=button.parentNode,down=head.getAttribute("aria-sort")!=="descending";
        for(const other of table.querySelectorAll("th"))other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort",down?"descending":"ascending");
        const key=row=>{const cell=row.cells[column],v=cell.dataset.v;return v===undefined?cell.textContent:Number(v)};
        const rows=[...body.rows].map(row=>[key(row),row]);
        rows.sort(([a],[b])=>(typeof a==="number"?a-b:a<b?-1:a>b?1:0)*(down?-1:1));
        body.append(...rows.map(r=>r[1]))}))}
        for(const figure of document.querySelectorAll("figure[data-t0]")){const plot=figure.querySelector(".plot");
        const t0=Number(figure.dataset.t0),t1=Number(figure.dataset.t1);
        const lines=[...figure.querySelectorAll("path[data-v]")].map(p=>[p.dataset.n,p.dataset.v.split("|")]);
        const cursor=document.createElement("div"),tip=document.createElement("div");cursor.className="cursor";tip.className="tip";
        const hide=()=>{cursor.remove();tip.remove()};plot.addEventListener("pointerleave",hide);
        plot.addEventListener("pointermove",event=>{const box=plot.getBoundingClientRect(),f=(event.clientX-box.left)/box.width;
        if(f<0||f>1)return hide();const time=new Date(t0+f*(t1-t0)).toISOString().replace("T"," ").slice(0,t1-t0<6e5?23:19);
        tip.replaceChildren(document.createTextNode(time));
        for(const [name,values] of lines){const value=values[Math.min(values.length-1,Math.floor(f*values.length))];if(!value)continue;
        const bold=document.createElement("b");bold.textContent=value;tip.append(document.createElement("br"),name+"  ",bold)}
        cursor.style.left=f*100+"%";if(f<.5){tip.style.left=`calc(${f*100}% + 10px)`;tip.style.right=""}else{tip.style.right=`calc(${(1-f)*100}% + 10px)`;tip.style.left=""}
        plot.append(cursor,tip)})}
        })();
        """
}
