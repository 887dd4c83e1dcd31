#include "parse/cgroup_path.h"

#include "support.h"

#define ID   "9a060536dcc7a34b70aa4b97dd7bfc37d705bb95757994d40459a6f3c7a9abd7"
#define POD  "0f9f58382d3c751bfedc7276e00a8344f7132f9c46997c1a3d796a05566d2b5a"
#define UID  "0ad8dc86-6b6c-4a10-8f5d-0f2f7d3e9a01"
#define UID_ "0ad8dc86_6b6c_4a10_8f5d_0f2f7d3e9a01"

static void assert_part(struct slice got, const char *want, const char *path)
{
	if (!slice_equals(got, slice_of(want)))
		fail_msg("%s: \"%.*s\", not \"%s\"", path, (int)got.len, got.ptr, want);
}

static void containers(void **state)
{
	static const struct {
		const char *path, *container, *pod;
	} cases[] = {
		{"/docker/" ID, ID, ""},
		{"/docker/" ID "/init", ID, ""},
		{"/system.slice/docker-" ID ".scope", ID, ""},
		{"/actions_job/" ID, ID, ""},
		{"/machine.slice/libpod-" ID ".scope/container", ID, ""},
		{"/libpod_parent/libpod-" ID, ID, ""},
		{"/libpod_parent/" POD "/libpod-" ID, ID, POD},
		{"/machine.slice/machine-libpod_pod_" POD ".slice/libpod-" ID ".scope", ID, POD},
		{"/machine.slice/libpod-conmon-" ID ".scope", "", ""},
		{"/libpod_parent/conmon", "", ""},
		{"/kubepods/burstable/pod" UID "/" ID, ID, UID},
		{"/kubepods/pod" UID "/" ID, ID, UID},
		{"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" UID_
		 ".slice/cri-containerd-" ID ".scope",
		 ID, UID_},
		{"/kubepods.slice/kubepods-pod" UID_ ".slice/crio-" ID ".scope", ID, UID_},
		{"/kubepods.slice/kubepods-pod" UID_ ".slice/crio-conmon-" ID ".scope", "", UID_},
		{"/ecs/0123456789abcdef0123456789abcdef/"
		 "0123456789abcdef0123456789abcdef-2358160396",
		 "0123456789abcdef0123456789abcdef-2358160396", ""},
		{"/lxc/web", "web", ""},
		{"/lxc.payload.web/system.slice/nginx.service", "web", ""},
		{"/lxc/101/ns/system.slice/docker-" ID ".scope", ID, ""},
		{"/machine.slice/systemd-nspawn@build.service/payload", "build", ""},
		{"/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt", "qemu\\x2d1\\x2dvm", ""},
		{"/machine/vm.libvirt-qemu/emulator", "vm", ""},
		{"/qemu.slice/100.scope", "100", ""},
		/* Nearly so. */
		{"/docker/9a060536dcc7", "", ""},
		{"/docker-" ID, "", ""},
		{"/system.slice/docker-.scope", "", ""},
		{"/system.slice/docker.service", "", ""},
		{"/kubepods/podnothing/x", "", ""},
		{"/lxc/", "", ""},
		{"/", "", ""},
		{"", "", ""},
	};
	struct cgroup_path p;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cgroup_path_parse(slice_of(cases[i].path), &p);
		assert_part(p.container, cases[i].container, cases[i].path);
		assert_part(p.pod, cases[i].pod, cases[i].path);
	}
	cgroup_path_parse(SLICE("/docker/" ID "/init"), &p);
	assert_part(p.group, "/docker/" ID, "the group");
	assert_null(p.manager);
	cgroup_path_parse(SLICE("/lxc/web/init"), &p);
	assert_part(p.group, "/lxc/web", "the group");
	assert_string_equal(p.manager, "lxc");
}

static void units(void **state)
{
	static const struct {
		const char *path, *unit;
	} cases[] = {
		{"/system.slice/redis-server.service", "redis-server.service"},
		{"/system.slice/redis-server.service/worker.scope", "redis-server.service"},
		{"/system.slice/system-postgresql.slice/postgresql@15-main.service",
		 "postgresql@15-main.service"},
		{"/init.scope", "init.scope"},
		{"/user.slice/user-1000.slice/session-3.scope", "session-3.scope"},
		{"/user.slice/user-1000.slice/user@1000.service/init.scope",
		 "user@1000.service/init.scope"},
		{"/user.slice/user-1000.slice/user@1000.service/app.slice/sync.service/x",
		 "user@1000.service/app.slice/sync.service"},
		{"/system.slice", "system.slice"},
		{"/system.slice/docker-" ID ".scope", "docker-" ID ".scope"},
		{"/docker/" ID "/system.slice/inner.service", ""},
		{"/.service", ""},
		{"/", ""},
	};
	struct cgroup_path p;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cgroup_path_parse(slice_of(cases[i].path), &p);
		assert_part(p.unit, cases[i].unit, cases[i].path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(containers),
		cmocka_unit_test(units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
