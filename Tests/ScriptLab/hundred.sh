#!/bin/sh
# The same strategy in a hundred processes: one line, with 100 before it, where all have the same effects.
lab=${1:-.build/debug/ScriptLab}
for run in $(seq 100); do "$lab" effects Tests/ScriptingTests/Lua/effects.lua; done | sort | uniq -c
