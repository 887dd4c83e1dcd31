/*
 * containers: the names that container engines gave to what control groups hold.
 *
 * Nobody is asked: names come from what engines leave on disk. Of a captured tree, its file
 * containers.json has them, since that state vanishes with the container.
 *
 *	docker			var/lib/docker/containers/ID/config.v2.json
 *	podman, CRI-O		var/lib/containers/storage/overlay-containers/containers.json
 *	CRI-O			run/containers/storage/overlay-containers/ID/userdata/config.json
 *	containerd		run/containerd/io.containerd.runtime.v2.task/k8s.io/ID/config.json
 *	the kubelet		var/log/containers/POD_NAMESPACE_CONTAINER-ID.log
 *				var/log/pods/NAMESPACE_POD_UID
 *
 * They are looked for below the root of process 1, which is the host's also where anonmem runs in a
 * container that sees the host's processes; else below its own. Most can be read by root only. The
 * names are bytes that somebody else chose.
 */
#ifndef SOURCE_CONTAINERS_H
#define SOURCE_CONTAINERS_H

#include "base/error.h"
#include "source/source.h"

#include <stdio.h>

enum { CONTAINER_NAME_MAX = 1024 };

struct containers;

/* In a captured tree. */
#define CONTAINERS_FILE "containers.json"

/* Of the system, or of the tree, of a source, which it may outlive. NULL with *e. */
struct containers *containers_open(const struct source *s, struct error *e);
void containers_close(struct containers *c);

/*
 * The name of the container that a control group is of: its engine's, or "NAMESPACE/POD/NAME" of
 * Kubernetes, or of what has no ids "lxc/NAME" and the like; where that is unknown, the first
 * twelve digits of its id. False if it is none. `c` may be NULL, which knows no names. What is not
 * known yet is looked for again, at most once a second. Any thread may call it.
 */
bool containers_name(struct containers *c, struct slice cgroup, char name[CONTAINER_NAME_MAX]);

/* The same of its pod: "NAMESPACE/NAME", or its uid; of podman the first twelve digits of its id.
 */
bool containers_pod(struct containers *c, struct slice cgroup, char name[CONTAINER_NAME_MAX]);

/* Writes the names that were asked for and found, as a captured tree has them. False if out of
 * memory. */
bool containers_write(struct containers *c, FILE *out);

#endif
