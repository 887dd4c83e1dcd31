// The rows of one moment as boxes: each key is a level, and a wider box is larger.

import {hierarchy, partition} from "d3-hierarchy";
import {select} from "d3-selection";
import {change, percent, size} from "./format.js";
import {size_of, total_of} from "./data.js";
import {on} from "./colors.js";

const LEVEL = 30, LEAST = 0.7;

// The keys by which rows differ.
function levels(data) {
	const all = data.by.map((name, key) => key);
	const told = all.filter(i => data.rows.some(row => row.keys[i] !== data.rows[0].keys[i]));

	return told.length ? told : all.slice(-1);
}

function child_of(node, name, level) {
	if (!node.found.has(name)) {
		const child = {name, level, found: new Map(), children: [], own: 0, before: 0};

		node.found.set(name, child);
		node.children.push(child);
	}
	return node.found.get(name);
}

function tree_of(data, at, before) {
	const root = {name: "Everything", level: null, found: new Map(), children: [], own: 0, before: 0};
	let sum = 0, sum_before = 0;

	for (const row of data.rows) {
		const value = size_of(data, row, at) ?? 0;
		const old = before === null ? 0 : size_of(data, row, before) ?? 0;
		let node = root;

		if (value <= 0 && old <= 0)
			continue;
		for (const level of levels_of(data))
			node = child_of(node, row.keys[level], level);
		node.own += value;
		node.before += old;
		sum += value;
		sum_before += old;
	}
	const rest = total_of(data, at) - sum;
	if (rest > 0 && rest > total_of(data, at) * 1e-6)
		Object.assign(child_of(root, "other rows", null), {own: rest, rest: true,
			before: before === null ? 0 : total_of(data, before) - sum_before});
	return root;
}

const known_levels = new WeakMap();

function levels_of(data) {
	if (!known_levels.has(data))
		known_levels.set(data, levels(data));
	return known_levels.get(data);
}

function path_of(node) {
	return node.ancestors().reverse().slice(1).map(one => one.data.name).join(" › ") || "Everything";
}

const label = node => `${node.data.name} ${size(node.value)}`;

export class Icicle {
	constructor(element, data, say) {
		this.element = element;
		this.data = data;
		this.say = say;
		this.open = []; // names on the path to the open box
		this.svg = select(element).append("svg").attr("role", "group")
			.attr("aria-label", "Memory as nested boxes");
		this.svg.node().addEventListener("keydown", event => this.press(event));
	}

	show(at, before, key, colors) {
		Object.assign(this, {at, before, key, colors});
		this.draw();
	}

	fill(node) {
		const at_level = node.ancestors().find(one => one.data.level === this.key);

		if (this.before !== null) {
			const grown = node.value - node.old;

			return grown === 0 ? null : grown > 0 ? "#ff725c" : "#97bbf5";
		}
		return at_level ? this.colors.get(at_level.data.name) ?? null : null;
	}

	opacity(node) {
		if (this.before === null || !this.most)
			return null;
		return 0.25 + 0.75 * Math.min(1, Math.abs(node.value - node.old) / this.most);
	}

	numbers(node) {
		const share = percent(node.value, this.root.value);

		return this.before === null ? share
			: `${share}, ${change(node.value - node.old)} ` +
				(this.data.sides ? "from before to after" : "since the other moment");
	}

	// The accessible name begins with the visible text.
	name(node) {
		const inside = node.depth > 1 ? `, in ${path_of(node.parent)}` : "";

		return `${label(node)}, ${this.numbers(node)}${inside}`;
	}

	layout() {
		const open = this.open.slice();

		this.root = hierarchy(tree_of(this.data, this.at, this.before)).sum(d => d.own)
			.sort((a, b) => !!a.data.rest - !!b.data.rest || b.value - a.value);
		this.root.eachAfter(node => node.old = node.data.before +
			(node.children || []).reduce((sum, one) => sum + one.old, 0));
		this.most = Math.max(...this.root.leaves().map(one => Math.abs(one.value - one.old)));
		partition().size([1, 1])(this.root);
		this.focus = this.root;
		for (const name of open) {
			const next = (this.focus.children || []).find(one => one.data.name === name);

			if (!next)
				break;
			this.focus = next;
		}
		this.open = this.focus.ancestors().reverse().slice(1).map(one => one.data.name);
	}

	place(node) {
		const width = this.focus.x1 - this.focus.x0 || 1;
		const cut = x => Math.max(0, Math.min(this.width, (x - this.focus.x0) / width * this.width));

		node.left = cut(node.x0);
		node.right = cut(node.x1);
		return node.right - node.left >= LEAST;
	}

	draw() {
		this.width = Math.max(240, this.element.clientWidth);
		this.layout();
		const nodes = this.root.descendants().filter(node => this.place(node));
		const height = LEVEL * (levels_of(this.data).length + 1);
		const current = this.current && nodes.find(node => path_of(node) === this.current) || this.focus;

		this.svg.attr("width", this.width).attr("height", height)
			.attr("viewBox", `0 0 ${this.width} ${height}`);
		this.svg.selectAll("*").remove();
		const boxes = this.svg.selectAll("g").data(nodes).enter().append("g").attr("role", "button")
			.attr("class", node => this.fill(node) ? "box" : "box rest")
			.attr("transform", node => `translate(${node.left},${node.depth * LEVEL})`)
			.attr("aria-label", node => this.name(node))
			.attr("tabindex", node => node === current ? 0 : -1)
			.on("click", node => this.go(this.data_of(node)))
			.on("pointerenter", node => this.tell(this.data_of(node)))
			.on("focus", node => this.tell(this.data_of(node)));
		boxes.append("rect").attr("width", node => Math.max(LEAST, node.right - node.left - 1))
			.attr("height", LEVEL - 1).attr("rx", 2).attr("fill", node => this.fill(node))
			.attr("fill-opacity", node => this.opacity(node));
		// Texts that are too long are clipped at the end of their box.
		boxes.filter(node => node.right - node.left > 34).append("svg")
			.attr("width", node => node.right - node.left - 6).attr("height", LEVEL)
			.append("text").attr("x", 6).attr("y", LEVEL / 2 + 4)
			.attr("fill", node => this.fill(node) && this.before === null ? on(this.fill(node)) : null)
			.text(label);
		boxes.each(function (node) { node.element = this; });
		this.nodes = nodes;
	}

	// Newer versions of d3 pass an event to a listener, older ones the data.
	data_of(thing) {
		return thing.currentTarget ? select(thing.currentTarget).datum() : thing;
	}

	tell(node) {
		this.current = path_of(node);
		for (const other of this.nodes)
			other.element.setAttribute("tabindex", other === node ? 0 : -1);
		this.say(this.current, `${size(node.value)}, ${this.numbers(node)}`);
	}

	go(node) {
		const names = node.ancestors().reverse().slice(1).map(one => one.data.name);

		this.open = node === this.focus && node.parent ? names.slice(0, -1) : names;
		this.current = path_of(node);
		this.draw();
		const same = this.nodes.find(one => path_of(one) === this.current);
		if (same)
			same.element.focus();
	}

	neighbour(node, step) {
		const row = this.nodes.filter(one => one.depth === node.depth);

		return row[row.indexOf(node) + step];
	}

	press(event) {
		const node = this.nodes.find(one => one.element === document.activeElement);
		const drawn = one => one && this.nodes.includes(one) ? one : null;

		if (!node)
			return;
		const targets = {
			ArrowDown: () => drawn((node.children || []).find(drawn)),
			ArrowUp: () => drawn(node.parent),
			ArrowLeft: () => this.neighbour(node, -1),
			ArrowRight: () => this.neighbour(node, 1),
		};

		if (event.key in targets) {
			const target = targets[event.key]();

			if (target)
				target.element.focus();
		} else if (event.key === "Enter" || event.key === " ") {
			this.go(node);
		} else if (event.key === "Escape" && this.focus.parent) {
			this.go(this.focus.parent);
		} else {
			return;
		}
		event.preventDefault();
	}
}
