#include "parse/cgroup_path.h"

enum {
	ID_DIGITS = 64,
	TASK_DIGITS = 32, /* of an ECS task, before a dash and a number */
	NAME_MAX_BYTES = 255,
};

static bool is_hex(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
	}
	return true;
}

static bool is_id(struct slice s)
{
	return s.len == ID_DIGITS && is_hex(s);
}

/* "0123...cdef-1234567890": a container of AWS Fargate. */
static bool is_task_id(struct slice s)
{
	return s.len > TASK_DIGITS + 1 && s.ptr[TASK_DIGITS] == '-' &&
	       is_hex((struct slice){s.ptr, TASK_DIGITS}) &&
	       is_hex(slice_inner(s, TASK_DIGITS + 1, 0));
}

/* Removes both ends from the slice, if it has them and something in between. */
static bool take_ends(struct slice *s, struct slice begin, struct slice end)
{
	if (s->len <= begin.len + end.len || !slice_begins(*s, begin) || !slice_ends(*s, end))
		return false;
	*s = slice_inner(*s, begin.len, end.len);
	return true;
}

/* Groups of containers: by the folder above, or by prefix and suffix. */
static const struct form {
	struct slice parent; /* name of the folder above; empty for any */
	struct slice begin, end;
	const char *manager; /* for containers with names and no ids; else NULL */
} forms[] = {
	{SLICE_INIT(""), SLICE_INIT("docker-"), SLICE_INIT(".scope"), NULL},
	{SLICE_INIT(""), SLICE_INIT("libpod-"), SLICE_INIT(".scope"), NULL},
	{SLICE_INIT(""), SLICE_INIT("libpod-"), SLICE_INIT(""), NULL},
	{SLICE_INIT(""), SLICE_INIT("cri-containerd-"), SLICE_INIT(".scope"), NULL},
	{SLICE_INIT(""), SLICE_INIT("crio-"), SLICE_INIT(".scope"), NULL},
	{SLICE_INIT(""), SLICE_INIT("crio-"), SLICE_INIT(""), NULL},
	{SLICE_INIT(""), SLICE_INIT("nerdctl-"), SLICE_INIT(".scope"), NULL},
	{SLICE_INIT("lxc"), SLICE_INIT(""), SLICE_INIT(""), "lxc"},
	{SLICE_INIT("lxc.payload"), SLICE_INIT(""), SLICE_INIT(""), "lxc"},
	{SLICE_INIT(""), SLICE_INIT("lxc.payload."), SLICE_INIT(""), "lxc"},
	{SLICE_INIT("machine.slice"), SLICE_INIT("systemd-nspawn@"), SLICE_INIT(".service"),
	 "nspawn"},
	{SLICE_INIT("machine.slice"), SLICE_INIT("machine-"), SLICE_INIT(".scope"), "machine"},
	{SLICE_INIT("machine"), SLICE_INIT(""), SLICE_INIT(".libvirt-qemu"), "libvirt"},
	{SLICE_INIT("machine"), SLICE_INIT(""), SLICE_INIT(".libvirt-lxc"), "libvirt"},
	{SLICE_INIT("qemu.slice"), SLICE_INIT(""), SLICE_INIT(".scope"), "qemu"},
};

/* Any other group named by 64 digits is a container too, since engines can be told where to put
 * them; unless it is a pod of podman. */
static bool parse_container(struct slice parent, struct slice name, struct cgroup_path *p)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct slice inner = name;

		if (forms[i].parent.len && !slice_equals(parent, forms[i].parent))
			continue;
		if (take_ends(&inner, forms[i].begin, forms[i].end) &&
		    (forms[i].manager || is_id(inner))) {
			p->container = inner;
			p->manager = forms[i].manager;
			return true;
		}
	}
	if (!(is_id(name) && !slice_equals(parent, SLICE("libpod_parent"))) && !is_task_id(name))
		return false;
	p->container = name;
	p->manager = NULL;
	return true;
}

/* Eight, four, four, four and twelve digits, separated by dashes, or by underscores in the names of
 * systemd's slices. */
static bool is_uid(struct slice s)
{
	static const size_t dashes[] = {8, 13, 18, 23};
	enum { UID_BYTES = 36 };

	/* Static pods have a hash instead of a uid. */
	if (s.len == TASK_DIGITS && is_hex(s))
		return true;
	if (s.len != UID_BYTES)
		return false;
	for (size_t i = 0; i < sizeof(dashes) / sizeof(*dashes); i++) {
		if (s.ptr[dashes[i]] != '-' && s.ptr[dashes[i]] != '_')
			return false;
	}
	return true;
}

static bool parse_pod(struct slice parent, struct slice name, struct cgroup_path *p)
{
	static const struct slice pod = SLICE_INIT("pod"), slice = SLICE_INIT(".slice");
	struct slice inner = name;

	if (take_ends(&inner, SLICE("machine-libpod_pod_"), slice) && is_id(inner)) {
		p->pod = inner;
		return true;
	}
	if (is_id(name) && slice_equals(parent, SLICE("libpod_parent"))) {
		p->pod = name;
		return true;
	}
	inner = name;
	if (take_ends(&inner, pod, SLICE("")) && is_uid(inner)) {
		p->pod = inner;
		return true;
	}
	inner = name;
	if (!take_ends(&inner, SLICE("kubepods-"), slice))
		return false;
	for (size_t i = 0; i + pod.len < inner.len; i++) {
		struct slice uid = slice_inner(inner, i + pod.len, 0);

		if ((i == 0 || inner.ptr[i - 1] == '-') &&
		    slice_begins(slice_inner(inner, i, 0), pod) && is_uid(uid)) {
			p->pod = uid;
			return true;
		}
	}
	return false;
}

static bool is_slice(struct slice name)
{
	return slice_ends(name, SLICE(".slice"));
}

static bool is_unit(struct slice name)
{
	static const struct slice kinds[] = {
		SLICE_INIT(".service"), SLICE_INIT(".scope"), SLICE_INIT(".socket"),
		SLICE_INIT(".mount"),	SLICE_INIT(".swap"),
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (name.len > kinds[i].len && slice_ends(name, kinds[i]))
			return true;
	}
	return false;
}

/* The system's unit is the first name that is not a slice, or the last slice if there are only
 * slices. Units of a user's manager lie below user@UID.service. */
struct unit_search {
	enum { AMONG_SLICES, IN_MANAGER, FOUND } state;
	const char *begin;
};

static void follow_unit(struct unit_search *u, struct slice name, struct cgroup_path *p)
{
	if (u->state == FOUND)
		return;
	if (!is_unit(name)) {
		if (u->state == AMONG_SLICES && is_slice(name))
			p->unit = name;
		else if (u->state == AMONG_SLICES || !is_slice(name))
			u->state = FOUND;
		return;
	}
	if (u->state == AMONG_SLICES) {
		u->begin = name.ptr;
		p->unit = name;
		u->state = slice_begins(name, SLICE("user@")) ? IN_MANAGER : FOUND;
		return;
	}
	p->unit = (struct slice){u->begin, (size_t)(name.ptr - u->begin) + name.len};
	u->state = FOUND;
}

void cgroup_path_parse(struct slice path, struct cgroup_path *p)
{
	struct slice rest = path, parent = SLICE("");
	struct unit_search unit = {.state = AMONG_SLICES};

	*p = (struct cgroup_path){.manager = NULL};
	while (rest.len) {
		const char *slash = memchr(rest.ptr, '/', rest.len);
		struct slice name = {rest.ptr, slash ? (size_t)(slash - rest.ptr) : rest.len};

		rest = slice_inner(rest, name.len + (slash != NULL), 0);
		if (name.len == 0 || name.len > NAME_MAX_BYTES)
			continue;
		if (!parse_pod(parent, name, p) && parse_container(parent, name, p))
			p->group =
				(struct slice){path.ptr, (size_t)(name.ptr - path.ptr) + name.len};
		follow_unit(&unit, name, p);
		parent = name;
	}
}
