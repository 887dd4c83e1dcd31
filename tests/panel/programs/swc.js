// Compiles with swc.
"use strict";
const swc = require(process.env.ANONMEM_NPM + "/node_modules/@swc/core");
exports.run = () => {
	const source = "export const f = (a) => {" + "let b = a + 1;".repeat(20000) + "return b}";
	const kept = [];
	for (let i = 0; i < 20; i++)
		kept.push(swc.transformSync(source, { jsc: { parser: { syntax: "ecmascript" } } }).code);
	return kept;
};
