#include "classify/walk.h"

struct walked walk_pieces(const struct sign_place *p, const struct walk *w)
{
	uint64_t count = w->end > w->start ? (w->end - w->start + w->step - 1) / w->step : 0;
	uint64_t stride = count > w->most ? (count + w->most - 1) / w->most : 1;
	struct walked walked = {.end = w->start, .sampled = stride > 1};

	for (uint64_t i = 0; i < count; i += stride) {
		uint64_t at = w->start + i * w->step;
		enum head head = w->look(p, at, w->ctx);

		if (head == HEAD_OTHER)
			break;
		if (head == HEAD_ABSENT)
			continue;
		walked.heads++;
		walked.end = w->end - at < w->step ? w->end : at + w->step;
		if (stride > 1 && i + stride >= count && i + 1 < count)
			i = count - 1 - stride; /* the last one is always examined */
	}
	return walked;
}
