/* stat, status, cgroup, meminfo and cmdline: the first byte selects one. */
#include "parse/process.h"

#include "fuzz.h"

static bool lies_in(struct slice part, struct slice whole)
{
	return part.len == 0 || (part.ptr >= whole.ptr && part.len <= whole.len &&
				 (size_t)(part.ptr - whole.ptr) <= whole.len - part.len);
}

static void try_stat(struct slice text)
{
	char buffer[PROCESS_NAME_MAX];
	struct process_stat stat;

	if (parse_stat(text, buffer, &stat))
		CHECK(stat.name.len <= sizeof(buffer) &&
		      (stat.name.len == 0 || stat.name.ptr == buffer));
}

static void try_command(struct slice text)
{
	char buffer[PROCESS_COMMAND_SIZE];
	const struct slice name = {text.ptr, text.len < 100 ? text.len : 100};
	struct slice command;

	if (text.len > PROCESS_COMMAND_MAX + 1)
		text.len = PROCESS_COMMAND_MAX + 1;
	if (parse_command(text, name, buffer, &command))
		CHECK(command.ptr == buffer && command.len > 0 && command.len <= sizeof(buffer));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = {(const char *)data, size}, path;
	uint64_t bytes;
	uint32_t uid;

	switch (take_u8(&text) % 5) {
	case 0:
		try_stat(text);
		break;
	case 1:
		parse_status_uid(text, &uid);
		break;
	case 2:
		if (parse_cgroup(text, &path))
			CHECK(lies_in(path, text) && !memchr(path.ptr, '\n', path.len));
		break;
	case 3:
		if (parse_meminfo(text, SLICE("AnonPages"), &bytes))
			CHECK(bytes % 1024 == 0);
		parse_meminfo(text, SLICE("HugetlbPages"), &bytes);
		break;
	default:
		try_command(text);
		break;
	}
	return 0;
}
