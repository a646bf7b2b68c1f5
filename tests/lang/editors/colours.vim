" Colours files in Vim and writes what it says, for tests/lang/editors.rs to judge.
"
"     vim -es -u NONE -i NONE -n --cmd "let g:support='DIR' | let g:answer='FILE'" -S colours.vim FILE...
"
" The answer is JSON: for each file its type and a list of lines, for each line a list with the
" name of the group of each column.

set nocompatible
let &runtimepath = g:support . ',' . $VIMRUNTIME
filetype plugin on
syntax on

let s:files = []
for s:file in argv()
  execute 'edit' fnameescape(s:file)
  let s:lines = []
  for s:line in range(1, line('$'))
    call add(s:lines, map(range(1, strlen(getline(s:line))), {_, column -> synIDattr(synID(s:line, column, 1), 'name')}))
  endfor
  call add(s:files, {'type': &filetype, 'comment': &commentstring, 'lines': s:lines})
endfor
call writefile([json_encode(s:files)], g:answer)
qall!
