# Makes the page of --format html: esbuild bundles its script with the parts of d3 that it uses, and
# embed.cmake turns everything into C. Without esbuild or d3, anonmem is built without pages.
find_program(ANONMEM_ESBUILD esbuild)
find_path(
	ANONMEM_D3 d3-hierarchy/package.json PATHS /usr/share/nodejs NO_DEFAULT_PATH
	DOC "The folder that has the modules of d3"
)
set(page_dir ${CMAKE_CURRENT_SOURCE_DIR}/render/html)
set(page_build ${CMAKE_CURRENT_BINARY_DIR}/page)
set(ANONMEM_PAGE ${page_build}/page.c)

if(ANONMEM_ESBUILD AND ANONMEM_D3)
	set(ANONMEM_HTML ON CACHE INTERNAL "Pages are built")
	file(GLOB page_sources CONFIGURE_DEPENDS ${page_dir}/*.js ${page_dir}/*.css)
	add_custom_command(
		OUTPUT ${ANONMEM_PAGE}
		COMMAND
			${CMAKE_COMMAND} -E env NODE_PATH=${ANONMEM_D3} ${ANONMEM_ESBUILD} --bundle
			--minify --target=es2019 --log-level=warning --outdir=${page_build}
			${page_dir}/page.js ${page_dir}/page.css
		COMMAND
			${CMAKE_COMMAND} -D PAGE=${page_dir}/page.html -D BUNDLE=${page_build}
			-P ${page_dir}/embed.cmake
		DEPENDS ${page_sources} ${page_dir}/page.html ${page_dir}/embed.cmake
		COMMENT "Bundling the page of --format html"
		VERBATIM
	)
else()
	set(ANONMEM_HTML OFF CACHE INTERNAL "Pages are built")
	message(
		WARNING
			"anonmem is built without --format html: that needs esbuild and d3; on Debian, "
			"dev/install build installs them"
	)
	file(
		CONFIGURE OUTPUT ${ANONMEM_PAGE}
		CONTENT
			"#include \"render/page.h\"\nconst unsigned char page_head[1], page_tail[1];\nconst size_t page_head_size = 0, page_tail_size = 0;\n"
	)
endif()
