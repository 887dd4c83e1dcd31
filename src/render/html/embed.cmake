# Puts style and script into PAGE, lets nothing else run, and writes ${BUNDLE}/page.c with the parts
# before and after the data.
file(READ ${PAGE} page)
file(READ ${BUNDLE}/page.css style)
file(READ ${BUNDLE}/page.js script)

# The SHA-256 of a text in base64, as content security policies have it.
function(hash text result)
	set(letters ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/)
	string(SHA256 hex "${text}")
	set(base64 "")
	foreach(at RANGE 0 60 3) # 64 hex digits; three of them make two letters
		string(SUBSTRING "${hex}" ${at} 3 digits)
		math(EXPR high "0x${digits} >> 6")
		math(EXPR low "0x${digits} & 63")
		string(SUBSTRING ${letters} ${high} 1 first)
		string(SUBSTRING ${letters} ${low} 1 second)
		string(APPEND base64 "${first}${second}")
	endforeach()
	string(SUBSTRING "${hex}" 63 1 digits)
	math(EXPR last "0x${digits} << 2")
	string(SUBSTRING ${letters} ${last} 1 first)
	set(${result} "${base64}${first}=" PARENT_SCOPE)
endfunction()

function(array name text out)
	file(WRITE ${BUNDLE}/${name}.part "${text}")
	file(READ ${BUNDLE}/${name}.part hex HEX)
	string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
	string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
	string(LENGTH "${hex}" digits)
	math(EXPR size "${digits} / 2")
	set(
		${out}
		"const unsigned char ${name}[] = {\n${bytes}\n};\nconst size_t ${name}_size = ${size};\n"
		PARENT_SCOPE
	)
endfunction()

hash("${style}" style_hash)
hash("${script}" script_hash)
string(REPLACE "@STYLE_HASH@" "${style_hash}" page "${page}")
string(REPLACE "@SCRIPT_HASH@" "${script_hash}" page "${page}")
string(REPLACE "@STYLE@" "${style}" page "${page}")
string(REPLACE "@SCRIPT@" "${script}" page "${page}")
string(FIND "${page}" "@DATA@" at)
string(SUBSTRING "${page}" 0 ${at} head)
math(EXPR at "${at} + 6")
string(SUBSTRING "${page}" ${at} -1 tail)
array(page_head "${head}" head_source)
array(page_tail "${tail}" tail_source)
file(WRITE ${BUNDLE}/page.c "#include \"render/page.h\"\n${head_source}${tail_source}")
