#include "render/renderers.h"

const struct renderer *const renderers[] = {
	&render_table,	&render_json, &render_csv,	  &render_markdown,
	&render_folded, &render_html, &render_prometheus, NULL};
