#define _GNU_SOURCE
#include "CFloors.h"

#include <ftw.h>
#include <stdio.h>

static int remove_one(const char *path, const struct stat *facts, int kind, struct FTW *where) {
    (void)facts, (void)kind, (void)where;
    return remove(path);
}

int bench_remove_folder(const char *path) { return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS); }

void bench_print_by_line(void) { setvbuf(stdout, NULL, _IOLBF, 0); }
