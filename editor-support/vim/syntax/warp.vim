" Written from src/lang/schema by src/editors; change those and run the tests with UPDATE_EDITORS=1.

if exists("b:current_syntax")
  finish
endif

syntax case match
syntax sync fromstart
syntax iskeyword @,48-57,_

" Of two patterns that fit at one place the later one wins, so the general ones come first.
syntax match warpPunctuation "[][{};,:.]"
syntax match warpOperator "&&\|||\|??\|->\|=>\|!\~\|\.\.\|[-=!<>+*/]=\|[-=<>!~+*/%]"
syntax match warpComment "#.*$" contains=@Spell
syntax match warpComment "//.*$" contains=@Spell
syntax region warpComment start="/\*" end="\*/" contains=@Spell
syntax region warpString start=+"+ end=+"\|$+ oneline
syntax region warpString start=+"""+ end=+"""\%("\)\@!+
syntax match warpMatch +!\?\~\s*\ze"\%(""\)\@!+ nextgroup=warpRegex
syntax region warpRegex start=+"+ end=+"\|$+ oneline contained
syntax match warpNumber "\<\d\+\%(\.\d\+\)\?\%(GB\|KB\|MB\|TB\|ms\|B\|d\|h\|m\|s\|w\|y\)\?\>"
syntax keyword warpBoolean true false
syntax keyword warpType DURATION BACKEND STRING BYTES REGEX BOOL LIST REAL TIME VOID ACL INT IP
syntax match warpName "[[:alpha:]_][[:alnum:]_-]*\%(\.[[:alpha:]_][[:alnum:]_-]*\)*"
syntax match warpConstant "\%([[:alnum:]_.-]\)\@1<!\%(contains\|excludes\|before\|expect\|header\|origin\|sorted\|where\|from\|none\|soft\)\%([[:alnum:]_-]\)\@!\.\@!"
syntax match warpHeader +\%([[:alnum:]_.-]\)\@1<!\%(obj_stale\|beresp\|bereq\|resp\|obj\|req\)\.http\.\%([[:alpha:]_][[:alnum:]_-]*\|"[^"]*"\)+
syntax match warpVariable "\%([[:alnum:]_.-]\)\@1<!\%(obj_stale\.cache_control\.stale_while_revalidate\|beresp\.cache_control\.stale_while_revalidate\|resp\.cache_control\.stale_while_revalidate\|obj\.cache_control\.stale_while_revalidate\|obj_stale\.cache_control\.proxy_revalidate\|obj_stale\.cache_control\.must_revalidate\|obj_stale\.cache_control\.must_understand\|obj_stale\.cache_control\.stale_if_error\|beresp\.cache_control\.proxy_revalidate\|beresp\.cache_control\.must_revalidate\|beresp\.cache_control\.must_understand\|obj_stale\.cache_control\.no_transform\|beresp\.cache_control\.stale_if_error\|resp\.cache_control\.proxy_revalidate\|bereq\.cache_control\.only_if_cached\|bereq\.cache_control\.stale_if_error\|obj\.cache_control\.proxy_revalidate\|resp\.cache_control\.must_revalidate\|resp\.cache_control\.must_understand\|beresp\.cache_control\.no_transform\|obj\.cache_control\.must_revalidate\|obj\.cache_control\.must_understand\|obj_stale\.cache_control\.immutable\|resp\.cache_control\.stale_if_error\|bereq\.cache_control\.no_transform\|obj\.cache_control\.stale_if_error\|obj_stale\.cache_control\.no_cache\|obj_stale\.cache_control\.no_store\|obj_stale\.cache_control\.s_maxage\|req\.cache_control\.only_if_cached\|req\.cache_control\.stale_if_error\|obj_stale\.cache_control\.max_age\|obj_stale\.cache_control\.private\|resp\.cache_control\.no_transform\|beresp\.cache_control\.immutable\|obj\.cache_control\.no_transform\|obj_stale\.cache_control\.public\|req\.cache_control\.no_transform\|bereq\.cache_control\.max_stale\|bereq\.cache_control\.min_fresh\|beresp\.cache_control\.no_cache\|beresp\.cache_control\.no_store\|beresp\.cache_control\.s_maxage\|bereq\.cache_control\.no_cache\|bereq\.cache_control\.no_store\|beresp\.cache_control\.max_age\|beresp\.cache_control\.private\|resp\.cache_control\.immutable\|bereq\.between_bytes_timeout\|bereq\.cache_control\.max_age\|beresp\.cache_control\.public\|obj\.cache_control\.immutable\|req\.cache_control\.max_stale\|req\.cache_control\.min_fresh\|resp\.cache_control\.no_cache\|resp\.cache_control\.no_store\|resp\.cache_control\.s_maxage\|bereq\.cache_control_fields\|obj\.cache_control\.no_cache\|obj\.cache_control\.no_store\|obj\.cache_control\.s_maxage\|req\.cache_control\.no_cache\|req\.cache_control\.no_store\|resp\.cache_control\.max_age\|resp\.cache_control\.private\|obj\.cache_control\.max_age\|obj\.cache_control\.private\|req\.cache_control\.max_age\|resp\.cache_control\.public\|bereq\.first_byte_timeout\|obj\.cache_control\.public\|sess\.idle_send_timeout\|bereq\.connect_timeout\|beresp\.stale_if_error\|obj_stale\.uncacheable\|beresp\.heuristic_ttl\|req\.hash_always_miss\|req\.hash_ignore_busy\|req\.hash_ignore_vary\|bereq\.retry_connect\|bereq\.task_deadline\|beresp\.backend\.name\|req\.select_language\|beresp\.uncacheable\|obj_stale\.is_valid\|bereq\.uncacheable\|resp\.is_streaming\|sess\.send_timeout\|sess\.timeout_idle\|bereq\.is_bgfetch\|bereq\.is_hitmiss\|bereq\.is_hitpass\|obj_stale\.reason\|obj_stale\.status\|req\.backend_hint\|client\.identity\|obj\.uncacheable\|obj_stale\.grace\|obj_stale\.proto\|outcome\.backend\|server\.hostname\|server\.identity\|beresp\.backend\|beresp\.was_304\|local\.endpoint\|obj_stale\.hits\|obj_stale\.keep\|obj_stale\.time\|outcome\.passed\|outcome\.stored\|req\.is_hitmiss\|req\.is_hitpass\|bereq\.backend\|bereq\.cookies\|bereq\.retries\|beresp\.reason\|beresp\.status\|obj_stale\.age\|obj_stale\.ttl\|req\.transport\|bereq\.method\|beresp\.grace\|beresp\.proto\|local\.socket\|req\.can_gzip\|req\.restarts\|bereq\.proto\|bereq\.query\|beresp\.body\|beresp\.keep\|beresp\.time\|outcome\.ttl\|req\.cookies\|req\.max_age\|resp\.reason\|resp\.status\|bereq\.body\|bereq\.hash\|bereq\.host\|bereq\.path\|bereq\.time\|beresp\.age\|beresp\.ttl\|obj\.reason\|obj\.status\|req\.method\|resp\.proto\|bereq\.url\|bereq\.xid\|client\.ip\|obj\.grace\|obj\.proto\|remote\.ip\|req\.grace\|req\.proto\|req\.query\|req\.slice\|resp\.body\|resp\.time\|server\.ip\|local\.ip\|obj\.hits\|obj\.host\|obj\.keep\|obj\.time\|req\.hash\|req\.host\|req\.path\|req\.time\|sess\.xid\|obj\.age\|obj\.ttl\|obj\.url\|req\.ttl\|req\.url\|req\.xid\|now\)\%([[:alnum:]_-]\)\@!"
syntax match warpFunction "\%([[:alnum:]_.-]\)\@1<!\%(digest\.hmac_sha256_base64\|digest\.base64url_decode\|digest\.base64url_nopad\|digest\.secure_is_equal\|digest\.base64_decode\|req\.accept\.encoding\|req\.accept\.language\|cookie\.format_date\|digest\.hash_sha256\|digest\.hash_sha512\|digest\.hmac_sha256\|digest\.hmac_sha512\|std\.cache_req_body\|std\.replace_prefix\|std\.replace_suffix\|cookie\.filter_re\|digest\.base64url\|digest\.hash_sha1\|digest\.hmac_sha1\|req\.accept\.media\|std\.real2integer\|std\.time2integer\|str\.contains_any\|digest\.hash_md5\|digest\.hmac_md5\|std\.file_exists\|cookie\.keep_re\|std\.purge_tags\|str\.startswith\|cookie\.delete\|cookie\.filter\|cookie\.get_re\|digest\.base64\|header\.append\|header\.remove\|std\.ban_error\|std\.querysort\|std\.timestamp\|time\.is_after\|cookie\.clean\|cookie\.isset\|device\.class\|std\.basename\|std\.duration\|std\.fileread\|std\.prefixof\|std\.strftime\|std\.suffixof\|str\.contains\|str\.endswith\|cookie\.keep\|geo\.country\|std\.collect\|std\.dirname\|std\.fnmatch\|std\.healthy\|std\.integer\|std\.network\|std\.replace\|std\.tolower\|std\.toupper\|str\.reverse\|auth\.basic\|cookie\.get\|cookie\.set\|geo\.lookup\|header\.get\|hex\.decode\|hex\.encode\|math\.floor\|math\.trunc\|randombool\|signed_url\|std\.getenv\|std\.random\|std\.strlen\|std\.strpad\|std\.strrep\|std\.strrev\|std\.strstr\|std\.syslog\|auth\.user\|hash_data\|jwt\.claim\|jwt\.valid\|math\.ceil\|math\.sqrt\|randomint\|ratelimit\|regsuball\|std\.bytes\|std\.count\|std\.round\|str\.count\|str\.split\|synthetic\|urldecode\|urlencode\|math\.abs\|math\.exp\|math\.log\|math\.max\|math\.min\|math\.pow\|sign_url\|std\.real\|std\.time\|str\.take\|str\.trim\|time\.add\|time\.sub\|std\.ban\|std\.log\|std\.now\|uuid\.v4\|uuid\.v7\|regsub\|std\.ip\|substr\)\%([[:alnum:]_-]\)\@!"
syntax keyword warpWordOperator and or not in under ext has any
syntax keyword warpInclude warp include
syntax keyword warpDeclaration nextgroup=warpDefined skipwhite backend probe director acl table const let fn override
syntax keyword warpDeclaration nextgroup=warpStep,warpDefined skipwhite sub
syntax match warpDefined "[[:alpha:]_][[:alnum:]_.-]*" contained
syntax keyword warpStep contained backend_response backend_refresh backend_error backend_fetch deliver purge synth fini hash init miss pass pipe recv hit
syntax match warpAttribute "\%([[:alnum:]_.-]\)\@1<!\.\%(between_bytes_timeout\|first_byte_timeout\|expected_response\|connect_timeout\|max_connections\|expect_close\|proxy_header\|wait_timeout\|host_header\|wait_limit\|authority\|cert_file\|threshold\|interval\|key_file\|preamble\|replicas\|ca_file\|healthy\|initial\|request\|timeout\|rampup\|sticky\|verify\|warmup\|weight\|window\|probe\|host\|kind\|path\|port\|alt\|key\|sni\|srv\|tls\|url\|via\|by\)\>"
syntax keyword warpStatement set unset
syntax keyword warpStatement nextgroup=warpDefined skipwhite call
syntax keyword warpStatement nextgroup=warpReturnAction skipwhite return
syntax match warpStatement "\%(^\|[;{}]\)\@1<=\s*\zs\%(tag\|ban\)\ze\s\+[[:alnum:]_\"]"
syntax keyword warpConditional elseif elsif match elif else if
syntax region warpReturnAction matchgroup=warpParen start="(" end=")" contained contains=warpAction,@warpExpression
syntax keyword warpAction contained obj_stale abandon deliver restart beresp lookup error fetch merge purge retry synth fail hash pass pipe
syntax cluster warpExpression contains=warpComment,warpString,warpMatch,warpNumber,warpBoolean,warpConstant,warpType,warpName,warpHeader,warpVariable,warpFunction,warpWordOperator,warpOperator,warpPunctuation,warpParens
syntax region warpParens matchgroup=warpParen start="(" end=")" contains=@warpExpression
syntax region warpRules matchgroup=warpDeclaration start="\%([[:alnum:]_.-]\)\@1<!rules\>" matchgroup=warpPunctuation end="}" contains=@warpExpression,warpTable,warpShortName,warpRow,warpRuleParens
syntax region warpRuleParens matchgroup=warpParen start="(" end=")" contained contains=@warpExpression,warpShortName,warpRuleParens
syntax region warpRow matchgroup=warpArrow start="->" matchgroup=warpPunctuation end=";" contained contains=@warpExpression,warpRuleAction,warpStatement
syntax region warpNormalize matchgroup=warpDeclaration start="\%([[:alnum:]_.-]\)\@1<!normalize\>" matchgroup=warpPunctuation end="}" contains=@warpExpression,warpClause,warpOperation,warpMessage
syntax match warpDeclaration "\%([[:alnum:]_.-]\)\@1<!key\ze\s*{"
syntax match warpDeclaration "\%([[:alnum:]_.-]\)\@1<!site\ze\s*\""
syntax region warpInvariant matchgroup=warpDeclaration start="\%([[:alnum:]_.-]\)\@1<!invariant\ze\s*\"" matchgroup=warpPunctuation end="}" contains=@warpExpression,warpNamed,warpClaim
syntax match warpDeclaration "\%([[:alnum:]_.-]\)\@1<!test\ze\s*\"" nextgroup=warpTestName skipwhite
syntax region warpTestName start=+"+ end=+"\|$+ oneline contained nextgroup=warpTest skipwhite skipempty
syntax region warpTest matchgroup=warpPunctuation start="{" end="}" contained contains=@warpExpression,warpNamed,warpClaim,warpTestPart,warpFields
syntax region warpFields matchgroup=warpPunctuation start="{" end="}" contained contains=@warpExpression
syntax keyword warpTestPart contained before request origin expect
syntax keyword warpNamed contained backend cookies method passed status stored query host path key ttl url
syntax match warpClaim "\<\%(contains\|excludes\)\>" contained
syntax keyword warpTable contained response request first unique when else
syntax keyword warpShortName contained cookies method status query host path url
syntax keyword warpRuleAction contained uncacheable redirect backend cache grace purge slice strip deny keep pass tag ttl
syntax keyword warpClause contained path query cookie accept_encoding host
syntax keyword warpOperation contained decode_unreserved resolve_dots merge_slashes refuse_ambiguous drop keep sort to lower
syntax keyword warpMessage contained obj_stale beresp bereq resp obj req

highlight default link warpAction Function
highlight default link warpArrow Operator
highlight default link warpAttribute Identifier
highlight default link warpBoolean Boolean
highlight default link warpClaim Operator
highlight default link warpClause Type
highlight default link warpComment Comment
highlight default link warpConditional Conditional
highlight default link warpConstant Constant
highlight default link warpDeclaration Structure
highlight default link warpDefined Function
highlight default link warpFunction Function
highlight default link warpHeader Special
highlight default link warpInclude Include
highlight default link warpMatch Operator
highlight default link warpMessage Special
highlight default link warpNamed Special
highlight default link warpNumber Number
highlight default link warpOperation Function
highlight default link warpOperator Operator
highlight default link warpParen Delimiter
highlight default link warpPunctuation Delimiter
highlight default link warpRegex SpecialChar
highlight default link warpRuleAction Function
highlight default link warpShortName Special
highlight default link warpStatement Statement
highlight default link warpStep Keyword
highlight default link warpString String
highlight default link warpTable Conditional
highlight default link warpTestName String
highlight default link warpTestPart Statement
highlight default link warpType Type
highlight default link warpVariable Special
highlight default link warpWordOperator Operator

let b:current_syntax = "warp"
