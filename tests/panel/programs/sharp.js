// Makes pictures with sharp.
"use strict";
const sharp = require(process.env.ANONMEM_NPM + "/node_modules/sharp");
exports.run = async () => {
	const kept = [];
	for (let i = 0; i < 20; i++) {
		const create = { width: 2000, height: 2000, channels: 3, background: { r: i, g: 1, b: 2 } };
		kept.push(await sharp({ create }).resize(1000).png().toBuffer());
	}
	return kept;
};
