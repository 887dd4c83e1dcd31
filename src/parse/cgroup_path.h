/*
 * cgroup_path: what the path of a control group says: the container, the pod and the systemd unit.
 *
 * Container engines and systemd name control groups by rules of their own. Paths are chosen by
 * whoever makes the group, so what looks like a container may be none; nothing here opens a file.
 *
 * Source: runc's and crun's cgroupfs and systemd drivers, the kubelet's, libpod, lxc, libvirt,
 * systemd-nspawn, Proxmox, and systemd's src/basic/cgroup-util.c.
 */
#ifndef PARSE_CGROUP_PATH_H
#define PARSE_CGROUP_PATH_H

#include "base/slice.h"

/* Empty where the path does not say it. Slices point into the path. */
struct cgroup_path {
	struct slice container; /* the id that its engine gave it, or its name: */
	const char *manager;	/* of one that has a name: lxc, nspawn, machine, libvirt, qemu */
	struct slice group;	/* the path down to the container */
	struct slice pod;	/* the uid of Kubernetes, with - or _, or podman's id */
	struct slice unit;	/* of the system; of a user's manager, from user@UID.service on */
};

void cgroup_path_parse(struct slice path, struct cgroup_path *parsed);

#endif
