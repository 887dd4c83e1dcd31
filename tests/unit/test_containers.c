#include "source/containers.h"

#include "source/handle.h"
#include "support.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID    "9a060536dcc7a34b70aa4b97dd7bfc37d705bb95757994d40459a6f3c7a9abd7"
#define OTHER "82630310e447f752a2025bfeac7ad8b551d5d03dd97fe117b4c4e161c9fbcab8"
#define UID   "0ad8dc86-6b6c-4a10-8f5d-0f2f7d3e9a01"
#define UID_  "0ad8dc86_6b6c_4a10_8f5d_0f2f7d3e9a01"

/* A folder that is a /proc, whose process 1 has a root. */
static char top[] = "/tmp/containers.XXXXXX";
static struct source source;

static void put(const char *path, const char *text)
{
	char whole[512];
	FILE *out;

	snprintf(whole, sizeof(whole), "%s/%s", top, path);
	for (char *slash = whole + strlen(top) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(whole, 0700);
		*slash = '/';
	}
	out = fopen(whole, "w");
	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(top + strlen(top) - 6, "XXXXXX");
	if (!mkdtemp(top))
		return -1;
	source = (struct source){.kind = SOURCE_TREE, .root = top, .is_live = true};
	source.root_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put("1/root/etc", "");
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int tear_down(void **state)
{
	(void)state;
	close(source.root_fd);
	return nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void assert_name(const char *cgroup, const char *want)
{
	struct error e;
	struct containers *c = containers_open(&source, &e);
	char name[CONTAINER_NAME_MAX];

	assert_non_null(c);
	assert_true(containers_name(c, slice_of(cgroup), name));
	assert_string_equal(name, want);
	containers_close(c);
}

static void assert_pod(const char *cgroup, const char *want)
{
	struct error e;
	struct containers *c = containers_open(&source, &e);
	char name[CONTAINER_NAME_MAX];

	assert_non_null(c);
	assert_true(containers_pod(c, slice_of(cgroup), name));
	assert_string_equal(name, want);
	containers_close(c);
}

static void docker(void **state)
{
	(void)state;
	put("1/root/var/lib/docker/containers/" ID "/config.v2.json",
	    "{\"ID\":\"" ID "\",\"Config\":{\"Labels\":{}},\"Name\":\"/shop-api\"}");
	assert_name("/docker/" ID, "shop-api");
	assert_name("/system.slice/docker-" ID ".scope/init", "shop-api");
	assert_name("/docker/" OTHER, "82630310e447");
}

static void cri_dockerd(void **state)
{
	(void)state;
	put("1/root/var/lib/docker/containers/" ID "/config.v2.json",
	    "{\"Name\":\"/k8s_app_web\",\"Config\":{\"Labels\":{"
	    "\"io.kubernetes.container.name\":\"app\",\"io.kubernetes.pod.name\":\"web-0\","
	    "\"io.kubernetes.pod.namespace\":\"shop\",\"io.kubernetes.pod.uid\":\"" UID "\"}}}");
	assert_name("/kubepods/pod" UID "/" ID, "shop/web-0/app");
	assert_pod("/kubepods/pod" UID "/" ID, "shop/web-0");
}

static void podman(void **state)
{
	(void)state;
	put("1/root/var/lib/containers/storage/overlay-containers/containers.json",
	    "[{\"id\":\"" ID "\",\"names\":[\"web-shop\"],\"image\":\"x\"},{\"id\":1},{},3]");
	assert_name("/machine.slice/libpod-" ID ".scope/container", "web-shop");
	assert_name("/libpod_parent/" OTHER "/libpod-" ID, "web-shop");
	assert_pod("/libpod_parent/" OTHER "/libpod-" ID, "82630310e447");
}

/* Parts of databases, with what is left of a pod that was removed, and one that is cut off. */
static void podman_pods(void **state)
{
	static const char group[] =
		"/machine.slice/machine-libpod_pod_" OTHER ".slice/libpod-" ID ".scope";

	(void)state;
	put("1/root/var/lib/containers/storage/libpod/bolt_state.db",
	    "{\"id\":\"short\",\"name\":\"a\"}config{\"id\":\"" ID
	    "\",\"name\":\"gone\"}config{\"id\":\"" OTHER
	    "\",\"name\":\"shop\",\"labels\":{\"x\":\"{\\\"id\\\":\"}}{\"id\":\"" OTHER "\",\"na");
	assert_pod(group, "shop");
	put("1/root/var/lib/containers/storage/libpod/bolt_state.db",
	    "{\"id\":\"" OTHER "\",\"name\":\"s");
	assert_pod(group, "82630310e447");
	put("1/root/var/lib/containers/storage/db.sql", "x{\"id\":\"" OTHER "\",\"name\":\"web\"}");
	assert_pod(group, "web");
}

static void containerd(void **state)
{
	static const char group[] =
		"/kubepods.slice/kubepods-pod" UID_ ".slice/cri-containerd-" ID ".scope";

	(void)state;
	put("1/root/run/containerd/io.containerd.runtime.v2.task/k8s.io/" ID "/config.json",
	    "{\"annotations\":{\"io.kubernetes.cri.container-name\":\"app\","
	    "\"io.kubernetes.cri.sandbox-name\":\"web-0\",\"io.kubernetes.cri.sandbox-uid\":\"" UID
	    "\",\"io.kubernetes.cri.sandbox-namespace\":\"shop\"}}");
	put("1/root/run/containerd/io.containerd.runtime.v2.task/k8s.io/" OTHER "/config.json",
	    "{\"annotations\":{\"io.kubernetes.cri.sandbox-name\":\"web-0\","
	    "\"io.kubernetes.cri.sandbox-namespace\":\"shop\"}}");
	assert_name(group, "shop/web-0/app");
	assert_pod(group, "shop/web-0");
	assert_name("/kubepods/pod" UID "/" OTHER, "shop/web-0/(sandbox)");
}

static void crio(void **state)
{
	(void)state;
	put("1/root/run/containers/storage/overlay-containers/" ID "/userdata/config.json",
	    "{\"annotations\":{\"io.kubernetes.container.name\":\"app\","
	    "\"io.kubernetes.pod.name\":\"web-0\",\"io.kubernetes.pod.namespace\":\"shop\","
	    "\"io.kubernetes.pod.uid\":\"" UID "\"}}");
	assert_name("/kubepods.slice/kubepods-pod" UID_ ".slice/crio-" ID ".scope",
		    "shop/web-0/app");
	assert_pod("/kubepods.slice/kubepods-pod" UID_ ".slice", "shop/web-0");
}

/* Of any engine, the kubelet's logs tell. */
static void logs(void **state)
{
	(void)state;
	put("1/root/var/log/containers/web-0_shop_the-app-" ID ".log", "");
	put("1/root/var/log/containers/nonsense.log", "");
	put("1/root/var/log/containers/a_b_c", "");
	put("1/root/var/log/pods/shop_web-0_" UID "/app/0.log", "");
	put("1/root/var/log/pods/x", "");
	assert_name("/kubepods/pod" UID "/" ID, "shop/web-0/the-app");
	assert_pod("/kubepods/besteffort/pod" UID, "shop/web-0");
	assert_pod("/kubepods/pod0ad8dc86-6b6c-4a10-8f5d-0f2f7d3e9a02",
		   "0ad8dc86-6b6c-4a10-8f5d-0f2f7d3e9a02");
}

static void other_engines(void **state)
{
	(void)state;
	assert_name("/lxc/web", "lxc/web");
	assert_name("/machine.slice/machine-qemu\\x2d1\\x2dvm.scope", "machine/qemu-1-vm");
	assert_name("/machine.slice/machine-\\x2\\xzz.scope", "machine/\\x2\\xzz");
}

/* What is no state, or of a size that no state has, gives no names. */
static void damaged(void **state)
{
	char fifo[512];

	(void)state;
	put("1/root/var/lib/docker/containers/" ID "/config.v2.json", "{\"Name\":\"/cut");
	put("1/root/var/lib/docker/containers/file", "");
	put("1/root/var/lib/containers/storage/overlay-containers/containers.json", "[[[[{}]]]]");
	assert_name("/docker/" ID, "9a060536dcc7");
	put("1/root/var/lib/docker/containers/" OTHER "/x", "");
	snprintf(fifo, sizeof(fifo), "%s/1/root/var/lib/docker/containers/%s/config.v2.json", top,
		 OTHER);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_name("/docker/" OTHER, "82630310e447");
}

static void none(void **state)
{
	struct error e;
	struct containers *c = containers_open(&source, &e);
	char name[CONTAINER_NAME_MAX];

	(void)state;
	assert_false(containers_name(c, SLICE("/system.slice/x.service"), name));
	assert_false(containers_pod(c, SLICE("/docker/" ID), name));
	containers_close(c);
	assert_true(containers_name(NULL, SLICE("/docker/" ID), name));
	assert_string_equal(name, "9a060536dcc7");
}

/* Captures have the names themselves. */
static void captured(void **state)
{
	(void)state;
	source.is_live = false;
	put("containers.json",
	    "{\"containers\":{\"" ID "\":\"shop-api\"},\"pods\":{\"" UID "\":\"shop/web-0\"}}");
	assert_name("/docker/" ID, "shop-api");
	assert_pod("/kubepods/pod" UID "/" ID, "shop/web-0");
	assert_name("/docker/" OTHER, "82630310e447");
}

#define IN_FOLDER(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(docker),	IN_FOLDER(cri_dockerd),	  IN_FOLDER(podman),
		IN_FOLDER(containerd),	IN_FOLDER(crio),	  IN_FOLDER(logs),
		IN_FOLDER(podman_pods), IN_FOLDER(other_engines), IN_FOLDER(damaged),
		IN_FOLDER(none),	IN_FOLDER(captured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
