// Objects of JavaScript and buffers outside of its heap; prints how much its heap has.
"use strict";
const keep = [];
for (let i = 0; i < 300000; i++)
	keep.push({ n: i, s: "x" + i, a: [i, i + 1] });
const buffers = [];
for (let i = 0; i < 20; i++)
	buffers.push(Buffer.alloc(1 << 20, 1));
const large = new Array(3e6).fill(1.5);
const more = process.argv[2] && require("./" + process.argv[2]);
Promise.resolve(more && more.run()).then((kept) => {
	globalThis.keep = [keep, buffers, large, kept];
	let total = 0;
	try {
		for (const space of require("v8").getHeapSpaceStatistics())
			total += space.space_size;
	} catch {
		total = 0;
	}
	console.log("total " + total);
	console.log("ready");
	process.stdin.resume();
});
