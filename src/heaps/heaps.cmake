# The library that `anonmem run --heaps` preloads: that of `anonmem run`, and malloc() by heaps. The
# allocator is Debian's jemalloc, with its public names and some that it uses renamed
# (heaps/jemalloc.map), without its constructors, and without operator new.
find_library(JEMALLOC_PIC libjemalloc_pic.a)
find_path(JEMALLOC_INCLUDE jemalloc/jemalloc.h)
if(NOT JEMALLOC_PIC OR NOT JEMALLOC_INCLUDE)
	message(
		FATAL_ERROR
		"run --heaps needs libjemalloc_pic.a and its header (libjemalloc-dev on Debian); "
		"-DANONMEM_HEAPS=OFF builds without"
	)
endif()
set(private_jemalloc ${CMAKE_CURRENT_BINARY_DIR}/heaps_jemalloc.a)
set(jemalloc_map ${CMAKE_CURRENT_SOURCE_DIR}/heaps/jemalloc.map)
add_custom_command(
	OUTPUT ${private_jemalloc}
	COMMAND
		${CMAKE_OBJCOPY} --redefine-syms=${jemalloc_map} --remove-section=.init_array
		--remove-section=.rela.init_array ${JEMALLOC_PIC} ${private_jemalloc}
	COMMAND ${CMAKE_AR} d ${private_jemalloc} jemalloc_cpp.pic.o
	DEPENDS ${JEMALLOC_PIC} ${jemalloc_map}
)
add_custom_target(jemalloc DEPENDS ${private_jemalloc})

add_library(
	heaps OBJECT
	heaps/asker.c heaps/block.c heaps/cfi.c heaps/chunk.c heaps/foreign.c heaps/function.c heaps/heap.c
	heaps/heaps.c
	heaps/malloc.c heaps/owner.c heaps/published.c heaps/thread.c
)
target_include_directories(heaps SYSTEM PRIVATE ${JEMALLOC_INCLUDE})
target_compile_options(heaps PRIVATE -fno-omit-frame-pointer)
set_target_properties(heaps PROPERTIES C_VISIBILITY_PRESET hidden)
add_library(
	preload_plain OBJECT preload/caller.c preload/demangle.c preload/preload.c preload/hook.c preload/libc.c
	preload/symbol.c
)
set_target_properties(preload_plain PROPERTIES C_VISIBILITY_PRESET hidden)
if(ANONMEM_SANITIZE)
	target_compile_options(heaps PRIVATE -fno-sanitize=all)
	target_compile_options(preload_plain PRIVATE -fno-sanitize=all)
endif()

# Constructors run in this order: the names must register their fork handlers before the allocator,
# which names memory while it holds its own locks.
add_library(
	preload_heaps MODULE
	$<TARGET_OBJECTS:label_plain> $<TARGET_OBJECTS:preload_plain> $<TARGET_OBJECTS:heaps>
)
add_dependencies(preload_heaps jemalloc)
set(exports ${CMAKE_CURRENT_SOURCE_DIR}/heaps/heaps.map)
set_target_properties(
	preload_heaps
	PROPERTIES
		OUTPUT_NAME anonmem-heaps PREFIX "" LINKER_LANGUAGE C
		LINK_DEPENDS "${exports};${private_jemalloc}"
)
target_link_libraries(preload_heaps PRIVATE ${private_jemalloc} Threads::Threads)
target_link_options(preload_heaps PRIVATE -Wl,--version-script,${exports} -Wl,-z,initfirst)
if(ANONMEM_SANITIZE)
	target_link_options(preload_heaps PRIVATE -fno-sanitize=all)
endif()
add_custom_command(
	TARGET preload_heaps
	POST_BUILD
	COMMAND chmod go-w $<TARGET_FILE:preload_heaps>
)
install(TARGETS preload_heaps DESTINATION ${CMAKE_INSTALL_LIBDIR}/anonmem)
