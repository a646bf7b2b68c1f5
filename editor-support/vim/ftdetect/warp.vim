" Written from src/lang/schema by src/editors; change those and run the tests with UPDATE_EDITORS=1.
autocmd BufRead,BufNewFile *.warp setfiletype warp
