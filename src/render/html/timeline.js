// Memory over time as stacked areas. A click selects one moment, dragging selects two.

import {bisector, max, range} from "d3-array";
import {axisBottom, axisLeft} from "d3-axis";
import {scaleLinear, scaleTime} from "d3-scale";
import {select} from "d3-selection";
import {area, stack, stackOrderNone} from "d3-shape";
import {clock, moment, size, tick, ticks} from "./format.js";

const margin = {top: 8, right: 12, bottom: 24, left: 48};
const height = 320;
const DRAG = 4; // pixels; less is a click
const BAR = 8; // pixels, of a sample without neighbours
const AROUND = 30000; // milliseconds shown on both sides of a single sample

// The largest values of a key, and all others together.
export function add_up(data, key) {
	const largest = data.timeline.stacks[key];
	const others = data.timeline.total.map((total, i) =>
		Math.max(0, total - largest.reduce((sum, one) => sum + one.values[i], 0)));

	return {largest, others: max(others) > 0 ? {name: null, values: others} : null};
}

// Ranges of indices without a gap.
function stretches(gaps, from, to) {
	const list = [[]];

	for (let i = from; i <= to; i++) {
		if (gaps.has(i) && i > from)
			list.push([]);
		list[list.length - 1].push(i);
	}
	return list;
}

export class Timeline {
	constructor(element, data, chosen) {
		this.element = element;
		this.data = data;
		this.chosen = chosen; // called with a moment, and the one before it or null
		this.moment = data.timeline.times.length - 1;
		this.before = null;
		this.view = [0, data.timeline.times.length - 1];
		this.svg = select(element).append("svg").attr("role", "img").attr("height", height);
		this.areas = this.svg.append("g");
		this.marks = this.svg.append("g");
		this.bottom = this.svg.append("g").attr("class", "axis");
		this.left = this.svg.append("g").attr("class", "axis");
		this.listen();
	}

	show(series, colors) {
		this.series = series;
		this.colors = colors;
		this.draw();
	}

	choose(moment, before) {
		this.moment = moment;
		this.before = before;
		this.draw_marks();
	}

	zoom(from, to) {
		this.view = [Math.min(from, to), Math.max(from, to)];
		this.draw();
	}

	set_scales() {
		const {times, total} = this.data.timeline, [from, to] = this.view;

		this.width = Math.max(240, this.element.clientWidth);
		this.x = scaleTime().domain(from === to ? [times[from] - AROUND, times[to] + AROUND]
			: [times[from], times[to]])
			.range([margin.left, this.width - margin.right]);
		this.most = Math.max(1024, max(range(from, to + 1), i => total[i]) * 1.04);
		this.y = scaleLinear().domain([0, this.most])
			.range([height - margin.bottom, margin.top]);
	}

	draw() {
		const {times, gaps} = this.data.timeline;
		const all = [...this.series.largest, ...(this.series.others ? [this.series.others] : [])];
		const layers = stack().keys(range(all.length)).order(stackOrderNone)
			.value((i, key) => all[key].values[i]);

		this.set_scales();
		const parts = stretches(gaps, ...this.view).map(part => layers(part));
		// A single sample is drawn as a bar.
		const shape = layer => area().x((d, i) => this.x(times[d.data]) +
			(layer.length > 1 ? 0 : BAR * (i - 0.5)))
			.y0(d => this.y(d[0])).y1(d => this.y(d[1]))(layer.length > 1 ? layer
				: [layer[0], layer[0]]);

		this.svg.attr("width", this.width).attr("viewBox", `0 0 ${this.width} ${height}`)
			.attr("aria-label", this.describe());
		const paths = this.areas.selectAll("path").data(all);
		paths.exit().remove();
		paths.enter().append("path").merge(paths)
			.attr("d", (one, key) => parts.map(part => shape(part[key])).join(""))
			.attr("fill", one => this.colors.get(one.name) ?? null)
			.attr("class", one => this.colors.has(one.name) ? "area" : "area rest");
		this.bottom.attr("transform", `translate(0,${height - margin.bottom})`)
			.call(axisBottom(this.x).ticks(this.width / 110).tickFormat(tick).tickSizeOuter(0));
		this.left.attr("transform", `translate(${margin.left},0)`)
			.call(axisLeft(this.y).tickValues(ticks(this.most, 6)).tickFormat(size));
		this.left.selectAll(".grid").remove();
		this.left.selectAll(".tick").append("line").attr("class", "grid")
			.attr("x2", this.width - margin.left - margin.right);
		this.draw_marks();
	}

	describe() {
		const {times} = this.data.timeline, [from, to] = this.view;

		return `Stacked areas from ${moment(times[from])} to ${moment(times[to])}; ` +
			"the sliders and the table below have the same figures.";
	}

	draw_marks() {
		const {times} = this.data.timeline;
		const place = i => Math.min(this.width - margin.right,
			Math.max(margin.left, this.x(times[i])));
		const shown = [this.before, this.moment].filter(i =>
			i !== null && i >= this.view[0] && i <= this.view[1]);

		this.marks.selectAll("*").remove();
		if (this.before !== null)
			this.marks.append("rect").attr("class", "span").attr("y", margin.top)
				.attr("x", Math.min(place(this.before), place(this.moment)))
				.attr("width", Math.abs(place(this.moment) - place(this.before)))
				.attr("height", height - margin.top - margin.bottom);
		for (const i of shown) {
			this.marks.append("line").attr("class", "mark").attr("x1", place(i)).attr("x2", place(i))
				.attr("y1", margin.top).attr("y2", height - margin.bottom);
			this.marks.append("text").attr("class", "mark").attr("y", margin.top + 10)
				.attr("x", place(i) + (place(i) > this.width - 90 ? -4 : 4))
				.attr("text-anchor", place(i) > this.width - 90 ? "end" : "start")
				.text(clock(times[i]));
		}
	}

	// The instant at a horizontal position in the window.
	at(client_x) {
		const x = client_x - this.svg.node().getBoundingClientRect().left;
		const {times} = this.data.timeline, time = +this.x.invert(x);
		const after = Math.min(times.length - 1, bisector(d => d).left(times, time));
		const found = after > 0 && time - times[after - 1] < times[after] - time ? after - 1 : after;

		return Math.min(this.view[1], Math.max(this.view[0], found));
	}

	listen() {
		const node = this.svg.node();
		let begin = null;

		node.addEventListener("pointerdown", event => {
			if (event.button !== 0)
				return;
			begin = event.clientX;
			node.setPointerCapture(event.pointerId);
			this.chosen(this.at(begin), null);
		});
		node.addEventListener("pointermove", event => {
			if (begin === null || Math.abs(event.clientX - begin) < DRAG)
				return;
			const two = [this.at(begin), this.at(event.clientX)].sort((a, b) => a - b);

			this.chosen(two[1], two[0] === two[1] ? null : two[0]);
		});
		for (const name of ["pointerup", "pointercancel"])
			node.addEventListener(name, () => begin = null);
	}
}
