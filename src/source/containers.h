/*
 * containers: the names that container engines gave to what control groups hold.
 *
 * Nobody is asked: names come from what engines leave on disk. Of a captured tree, its file
 * containers.json has them, since that state vanishes with the container.
 *
 *	docker			var/lib/docker/containers/ID/config.v2.json
 *	podman, CRI-O		var/lib/containers/storage/DRIVER-containers/containers.json
 *	podman's pods		var/lib/containers/storage/{libpod/bolt_state.db,db.sql}
 *	CRI-O			run/containers/storage/DRIVER-containers/ID/userdata/config.json
 *	containerd		run/containerd/io.containerd.runtime.v2.task/k8s.io/ID/config.json
 *	the kubelet		var/log/containers/POD_NAMESPACE_CONTAINER-ID.log
 *				var/log/pods/NAMESPACE_POD_UID
 *
 * They are looked for in the root folder of the system, which is the host's also where anonmem runs
 * in a container that sees the host's processes (system_open_root()). Most can be read by root
 * only. The names are bytes that somebody else chose.
 */
#ifndef SOURCE_CONTAINERS_H
#define SOURCE_CONTAINERS_H

#include "base/error.h"
#include "source/source.h"

#include <stdio.h>

enum { CONTAINER_NAME_MAX = 1024 };

struct containers;

/* Its file in a captured tree. */
#define CONTAINERS_FILE "containers.json"

/* For the system or the tree of a source, which it may outlive. NULL with *e. */
struct containers *containers_open(const struct source *s, struct error *e);
void containers_close(struct containers *c);

/* The name of the container of a control group: the engine's, "NAMESPACE/POD/NAME" for Kubernetes,
 * or "lxc/NAME" and the like for containers without ids; if it is unknown, the first twelve digits
 * of the id. False if the group belongs to no container. Without names, `c` may be NULL. Unknown
 * ids are looked up again at most once a second. Thread-safe. */
bool containers_name(struct containers *c, struct slice cgroup, char name[CONTAINER_NAME_MAX]);

/* The same for its pod: "NAMESPACE/NAME", or its uid; for podman, its name or the first twelve
 * digits of its id. */
bool containers_pod(struct containers *c, struct slice cgroup, char name[CONTAINER_NAME_MAX]);

/* Writes the names that were asked for and found, in the form of a captured tree. False if out of
 * memory. */
bool containers_write(struct containers *c, FILE *out);

#endif
