// The account of the machine: a bar for one moment, lines over time.

import {max} from "d3-array";
import {axisBottom, axisLeft} from "d3-axis";
import {scaleLinear, scaleTime} from "d3-scale";
import {select} from "d3-selection";
import {line} from "d3-shape";
import {size, tick, ticks} from "./format.js";

const margin = {top: 8, right: 12, bottom: 24, left: 48};
const height = 140;

export function draw_bar(element, available, total) {
	const svg = select(element).append("svg").attr("class", "bar").attr("role", "img")
		.attr("width", "100%").attr("height", 22)
		.attr("aria-label", `${size(available)} of ${size(total)} are available`);
	const share = 100 * available / total;

	svg.append("rect").attr("class", "used").attr("width", "100%").attr("height", 22);
	svg.append("rect").attr("class", "free").attr("x", `${100 - share}%`)
		.attr("width", `${share}%`).attr("height", 22);
}

function pieces(t, values) {
	return values.map((value, i) => ({time: t.times[i], value, gap: t.gaps.has(i)}))
		.flatMap(point => point.gap ? [{...point, value: null}, point] : [point]);
}

export function draw_lines(element, t, lines) {
	const width = Math.max(240, element.clientWidth);
	const known = lines.filter(one => one.values.some(value => value !== null));
	const most = max(known, one => max(one.values)) || 1;
	const x = scaleTime().domain([t.times[0], Math.max(t.times[0] + 1, t.times[t.times.length - 1])])
		.range([margin.left, width - margin.right]);
	const y = scaleLinear().domain([0, most * 1.05]).range([height - margin.bottom, margin.top]);
	const path = line().defined(point => point.value !== null).x(point => x(point.time))
		.y(point => y(point.value));
	const svg = select(element).html("").append("svg").attr("role", "img").attr("width", width)
		.attr("height", height).attr("aria-label", known.map(one => one.name).join(" and ") +
			" over time");

	svg.append("g").attr("class", "axis").attr("transform", `translate(0,${height - margin.bottom})`)
		.call(axisBottom(x).ticks(width / 110).tickFormat(tick).tickSizeOuter(0));
	svg.append("g").attr("class", "axis").attr("transform", `translate(${margin.left},0)`)
		.call(axisLeft(y).tickValues(ticks(most * 1.05, 3)).tickFormat(size));
	for (const one of known) {
		svg.append("path").attr("class", `line ${one.style}`).attr("d", path(pieces(t, one.values)));
		const last = [...one.values].reverse().find(value => value !== null);
		svg.append("text").attr("class", `line ${one.style}`).attr("text-anchor", "end")
			.attr("x", width - margin.right).attr("y", y(last) - 5).text(one.name);
	}
}
