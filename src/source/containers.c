#include "source/containers.h"

#include "base/clock.h"
#include "base/intern.h"
#include "base/json.h"
#include "parse/cgroup_path.h"
#include "parse/number.h"
#include "source/handle.h"
#include "source/system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	FILE_MAX = 16 * 1024 * 1024, /* most of one file of an engine */
	SHORT_ID = 12,
	ID_DIGITS = 64,
	AGAIN_NS = SECOND_NS,
};

/* Names by id of a container or pod. */
struct names {
	struct intern ids;
	struct name {
		char *text; /* NULL for none */
		bool asked; /* it was asked for */
	} * list;	    /* by symbol of the id */
	uint32_t capacity;
};

struct containers {
	int root;	      /* root folder of the engines' state; -1 for none */
	pthread_mutex_t lock; /* of all that follows */
	struct names containers, pods;
	bool is_loaded;
	uint64_t loaded_ns; /* by the monotonic clock */
};

static void names_init(struct names *n)
{
	*n = (struct names){.capacity = 0};
	intern_init(&n->ids);
}

static void names_free(struct names *n)
{
	for (uint32_t i = 0; i < n->ids.count && i < n->capacity; i++)
		free(n->list[i].text);
	free(n->list);
	intern_free(&n->ids);
}

/* The first name stays. Out of memory, the name is left out and the id is shown. */
static void add_name(struct names *n, struct slice id, const char *name)
{
	symbol s = name && *name ? intern(&n->ids, id) : SYMBOL_NONE;

	if (s == SYMBOL_NONE)
		return;
	if (s >= n->capacity) {
		uint32_t capacity = n->capacity ? 2 * n->capacity : 64;
		struct name *larger = reallocarray(n->list, capacity, sizeof(*larger));

		if (!larger)
			return;
		memset(larger + n->capacity, 0, (capacity - n->capacity) * sizeof(*larger));
		n->list = larger;
		n->capacity = capacity;
	}
	if (!n->list[s].text)
		n->list[s].text = strdup(name);
}

/* The same for a name that is not a string. */
static void add_name_of(struct names *n, struct slice id, struct slice name)
{
	char text[CONTAINER_NAME_MAX];

	snprintf(text, sizeof(text), "%.*s", (int)name.len, name.ptr);
	add_name(n, id, text);
}

static const char *find_name(struct names *n, struct slice id)
{
	symbol s = intern_find(&n->ids, id);

	if (s == SYMBOL_NONE || s >= n->capacity)
		return NULL;
	n->list[s].asked = true;
	return n->list[s].text;
}

/* In Kubernetes, all three make up the name. */
static void add_kubernetes(struct containers *c, struct slice id, struct slice uid,
			   const char *namespace, const char *pod, const char *name)
{
	char text[CONTAINER_NAME_MAX];

	if (!namespace || !pod)
		return;
	snprintf(text, sizeof(text), "%s/%s", namespace, pod);
	if (uid.len)
		add_name(&c->pods, uid, text);
	if (!id.len || !name)
		return;
	snprintf(text, sizeof(text), "%s/%s/%s", namespace, pod, name);
	add_name(&c->containers, id, text);
}

/* The whole text of a regular file, which is closed; NULL if it cannot be read. */
static char *read_file(int fd, size_t *length)
{
	char *text = NULL;
	struct stat st;
	ssize_t n;

	*length = 0;
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 && st.st_size < FILE_MAX)
		text = malloc((size_t)st.st_size);
	while (text && *length < (size_t)st.st_size) {
		n = TEMP_FAILURE_RETRY(read(fd, text + *length, (size_t)st.st_size - *length));
		if (n <= 0)
			break;
		*length += (size_t)n;
	}
	close(fd);
	return text;
}

static cJSON *read_json(int fd)
{
	size_t length;
	char *text = read_file(fd, &length);
	cJSON *json = text ? cJSON_ParseWithLength(text, length) : NULL;

	free(text);
	return json;
}

/* Does not wait for a FIFO. */
static int open_state(int folder, const char *path)
{
	return openat(folder, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static const cJSON *member_of(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

static const char *string_of(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(member_of(object, name));
}

static struct slice slice_or_none(const char *text)
{
	return text ? slice_of(text) : SLICE("");
}

/* docker: "Name" begins with a slash; under cri-dockerd, labels have the names of Kubernetes. */
static void take_docker(struct containers *c, const char *id, const cJSON *state)
{
	const cJSON *labels = member_of(member_of(state, "Config"), "Labels");
	const char *name = string_of(state, "Name");

	add_kubernetes(c, slice_of(id), slice_or_none(string_of(labels, "io.kubernetes.pod.uid")),
		       string_of(labels, "io.kubernetes.pod.namespace"),
		       string_of(labels, "io.kubernetes.pod.name"),
		       string_of(labels, "io.kubernetes.container.name"));
	if (name)
		add_name(&c->containers, slice_of(id), name + (*name == '/'));
}

/* The OCI bundle of a container of Kubernetes: its annotations. */
static void take_bundle(struct containers *c, const char *id, const cJSON *bundle)
{
	const cJSON *notes = member_of(bundle, "annotations");
	const char *name = string_of(notes, "io.kubernetes.cri.container-name");

	/* The container that only holds a pod's namespaces has no name. */
	add_kubernetes(
		c, slice_of(id), slice_or_none(string_of(notes, "io.kubernetes.cri.sandbox-uid")),
		string_of(notes, "io.kubernetes.cri.sandbox-namespace"),
		string_of(notes, "io.kubernetes.cri.sandbox-name"), name ? name : "(sandbox)");
	add_kubernetes(c, slice_of(id), slice_or_none(string_of(notes, "io.kubernetes.pod.uid")),
		       string_of(notes, "io.kubernetes.pod.namespace"),
		       string_of(notes, "io.kubernetes.pod.name"),
		       string_of(notes, "io.kubernetes.container.name"));
}

/* Folders of engines with a folder for each container and a file in it. */
static const struct engine {
	const char *folder, *file;
	void (*take)(struct containers *c, const char *id, const cJSON *state);
} engines[] = {
	{"var/lib/docker/containers", "config.v2.json", take_docker},
	{"run/containerd/io.containerd.runtime.v2.task/k8s.io", "config.json", take_bundle},
};

/* Of podman and CRI-O, the storage driver is part of the folder's name. */
static const char *const storage_drivers[] = {"overlay", "vfs", "btrfs", "zfs"};

static DIR *open_folder(int root, const char *path)
{
	int fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !folder)
		close(fd);
	return folder;
}

static void load_engine(struct containers *c, const struct engine *engine)
{
	DIR *folder = open_folder(c->root, engine->folder);
	const struct dirent *entry;
	char path[PATH_MAX];

	while (folder && (entry = readdir(folder))) {
		cJSON *state;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", entry->d_name, engine->file);
		state = read_json(open_state(dirfd(folder), path));
		if (state)
			engine->take(c, entry->d_name, state);
		cJSON_Delete(state);
	}
	if (folder)
		closedir(folder);
}

/* One file for all containers: [{"id": ..., "names": [...]}]. */
static void load_list(struct containers *c, const char *path)
{
	cJSON *list = read_json(open_state(c->root, path));
	const cJSON *item;

	cJSON_ArrayForEach(item, list)
	{
		const char *id = string_of(item, "id");
		const cJSON *names = cJSON_GetObjectItemCaseSensitive(item, "names");

		if (id)
			add_name(&c->containers, slice_of(id),
				 cJSON_GetStringValue(cJSON_GetArrayItem(names, 0)));
	}
	cJSON_Delete(list);
}

static void load_storage(struct containers *c)
{
	enum { FOLDER = 64 };
	char run[FOLDER], lib[FOLDER], list[2 * FOLDER];
	const struct engine of_run = {run, "userdata/config.json", take_bundle};
	const struct engine of_lib = {lib, "userdata/config.json", take_bundle};

	for (size_t i = 0; i < sizeof(storage_drivers) / sizeof(*storage_drivers); i++) {
		snprintf(run, FOLDER, "run/containers/storage/%s-containers", storage_drivers[i]);
		snprintf(lib, FOLDER, "var/lib/containers/storage/%s-containers",
			 storage_drivers[i]);
		snprintf(list, sizeof(list), "%s/containers.json", lib);
		load_engine(c, &of_run);
		load_engine(c, &of_lib);
		load_list(c, list);
	}
}

/* podman keeps its pods in a database, of bbolt or of SQLite. The JSON of each begins so, whichever
 * it is: {"id":"ID","name":"NAME". No string in JSON can contain that. What was deleted may still
 * be there, but no id is used again. */
static void take_podman(struct containers *c, struct slice text)
{
	static const struct slice begin = SLICE_INIT("{\"id\":\""),
				  middle = SLICE_INIT("\",\"name\":\"");
	const char *at;

	while (text.len && (at = memmem(text.ptr, text.len, begin.ptr, begin.len))) {
		struct slice id, name;
		const char *end;

		text = slice_inner(text, (size_t)(at - text.ptr) + begin.len, 0);
		if (text.len < ID_DIGITS)
			return;
		id = (struct slice){text.ptr, ID_DIGITS};
		name = slice_inner(text, ID_DIGITS, 0);
		if (!slice_begins(name, middle))
			continue;
		name = slice_inner(name, middle.len, 0);
		end = memchr(name.ptr, '"', name.len);
		if (end)
			add_name_of(&c->pods, id,
				    (struct slice){name.ptr, (size_t)(end - name.ptr)});
	}
}

static void load_podman(struct containers *c, const char *path)
{
	size_t length;
	char *text = read_file(open_state(c->root, path), &length);

	if (text)
		take_podman(c, (struct slice){text, length});
	free(text);
}

/* Removes the part before the first, or after the last, such byte; NULL if there is none. */
static char *cut_first(char **name, char at)
{
	char *part = *name, *end = strchr(part, at);

	if (!end)
		return NULL;
	*end = '\0';
	*name = end + 1;
	return part;
}

static char *cut_last(char *name, char at)
{
	char *end = strrchr(name, at);

	if (!end)
		return NULL;
	*end = '\0';
	return end + 1;
}

/* "POD_NAMESPACE_CONTAINER-ID.log"; no name has an underscore. */
static void take_log(struct containers *c, char *name)
{
	char *pod = cut_first(&name, '_'), *namespace = pod ? cut_first(&name, '_') : NULL;
	char *id = namespace ? cut_last(name, '-') : NULL, *end = id ? strstr(id, ".log") : NULL;

	if (end)
		add_kubernetes(c, (struct slice){id, (size_t)(end - id)}, SLICE(""), namespace, pod,
			       name);
}

/* "NAMESPACE_POD_UID". */
static void take_pod(struct containers *c, char *name)
{
	char *namespace = cut_first(&name, '_'), *pod = namespace ? cut_first(&name, '_') : NULL;

	if (pod)
		add_kubernetes(c, SLICE(""), slice_of(name), namespace, pod, NULL);
}

static void load_names(struct containers *c, const char *path,
		       void (*take)(struct containers *c, char *name))
{
	DIR *folder = open_folder(c->root, path);
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		take(c, entry->d_name);
	if (folder)
		closedir(folder);
}

/* {"containers": {ID: NAME, ...}, "pods": {...}}, as containers_write() writes it. */
static void load_captured(struct containers *c, const struct source *s)
{
	const struct procdir tree = source_files(s);
	cJSON *json = read_json(procdir_open(&tree, CONTAINERS_FILE));
	const cJSON *item;

	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(json, "containers"))
		add_name(&c->containers, slice_of(item->string), cJSON_GetStringValue(item));
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(json, "pods"))
		add_name(&c->pods, slice_of(item->string), cJSON_GetStringValue(item));
	cJSON_Delete(json);
}

static void load(struct containers *c)
{
	c->is_loaded = true;
	if (c->root < 0)
		return;
	for (size_t i = 0; i < sizeof(engines) / sizeof(*engines); i++)
		load_engine(c, &engines[i]);
	load_storage(c);
	load_podman(c, "var/lib/containers/storage/libpod/bolt_state.db");
	load_podman(c, "var/lib/containers/storage/db.sql");
	load_names(c, "var/log/containers", take_log);
	load_names(c, "var/log/pods", take_pod);
}

/* Copies the name of an id. If it is unknown, the engines' files are read again. */
static bool look_up(struct containers *c, struct names *names, struct slice id,
		    char name[CONTAINER_NAME_MAX])
{
	const char *found;

	pthread_mutex_lock(&c->lock);
	found = find_name(names, id);
	if (!found && (!c->is_loaded || clock_ns(CLOCK_MONOTONIC) >= c->loaded_ns + AGAIN_NS)) {
		load(c);
		c->loaded_ns = clock_ns(CLOCK_MONOTONIC);
		found = find_name(names, id);
	}
	if (found)
		snprintf(name, CONTAINER_NAME_MAX, "%s", found);
	pthread_mutex_unlock(&c->lock);
	return found != NULL;
}

static void copy(struct slice text, char name[CONTAINER_NAME_MAX])
{
	size_t length = text.len < CONTAINER_NAME_MAX ? text.len : CONTAINER_NAME_MAX - 1;

	memcpy(name, text.ptr, length);
	name[length] = '\0';
}

/* "MANAGER/NAME". systemd escapes bytes in the names of units: \x2d. */
static void unescape(const char *manager, struct slice text, char name[CONTAINER_NAME_MAX])
{
	size_t used = (size_t)snprintf(name, CONTAINER_NAME_MAX, "%s/", manager);

	while (text.len && used < CONTAINER_NAME_MAX - 1) {
		unsigned high, low;

		if (text.len >= 4 && slice_begins(text, SLICE("\\x")) &&
		    (high = hex_value(text.ptr[2])) != NO_HEX &&
		    (low = hex_value(text.ptr[3])) != NO_HEX) {
			name[used++] = (char)(high << 4 | low);
			text = slice_inner(text, 4, 0);
		} else {
			name[used++] = text.ptr[0];
			text = slice_inner(text, 1, 0);
		}
	}
	name[used] = '\0';
}

bool containers_name(struct containers *c, struct slice cgroup, char name[CONTAINER_NAME_MAX])
{
	struct cgroup_path path;

	cgroup_path_parse(cgroup, &path);
	if (path.container.len == 0)
		return false;
	if (path.manager)
		unescape(path.manager, path.container, name);
	else if (!c || !look_up(c, &c->containers, path.container, name))
		copy((struct slice){path.container.ptr, SHORT_ID}, name);
	return true;
}

bool containers_pod(struct containers *c, struct slice cgroup, char name[CONTAINER_NAME_MAX])
{
	char uid[CONTAINER_NAME_MAX];
	struct cgroup_path path;
	bool of_podman;

	cgroup_path_parse(cgroup, &path);
	if (path.pod.len == 0)
		return false;
	copy(path.pod, uid);
	for (char *p = uid; *p; p++)
		*p = *p == '_' ? '-' : *p;
	if (c && look_up(c, &c->pods, slice_of(uid), name))
		return true;
	of_podman = path.pod.len > 36;
	copy((struct slice){uid, of_podman ? SHORT_ID : path.pod.len}, name);
	return true;
}

static bool put_names(cJSON *object, const struct names *names)
{
	bool whole = object != NULL;

	for (uint32_t i = 0; whole && i < names->ids.count && i < names->capacity; i++) {
		struct slice id = intern_bytes(&names->ids, i);
		char text[CONTAINER_NAME_MAX];

		copy(id, text);
		if (names->list[i].asked && names->list[i].text)
			whole = json_put(object, text, json_string(slice_of(names->list[i].text)));
	}
	return whole;
}

bool containers_write(struct containers *c, FILE *out)
{
	cJSON *json = cJSON_CreateObject();
	bool whole;

	pthread_mutex_lock(&c->lock);
	whole = put_names(cJSON_AddObjectToObject(json, "containers"), &c->containers) &&
		put_names(cJSON_AddObjectToObject(json, "pods"), &c->pods);
	pthread_mutex_unlock(&c->lock);
	if (!whole) {
		cJSON_Delete(json);
		return false;
	}
	return json_write(json, out);
}

struct containers *containers_open(const struct source *s, struct error *e)
{
	struct containers *c = calloc(1, sizeof(*c));

	if (!c) {
		error_memory(e);
		return NULL;
	}
	names_init(&c->containers);
	names_init(&c->pods);
	pthread_mutex_init(&c->lock, NULL);
	c->root = -1;
	if (source_is_captured(s))
		load_captured(c, s);
	else
		c->root = system_open_root(s);
	return c;
}

void containers_close(struct containers *c)
{
	if (!c)
		return;
	if (c->root >= 0)
		close(c->root);
	pthread_mutex_destroy(&c->lock);
	names_free(&c->containers);
	names_free(&c->pods);
	free(c);
}
