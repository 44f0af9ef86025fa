"""The mutants of mutants.py: lines of the engine, and what stands there instead."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """One place of the engine, and what stands there instead."""

    name: str
    file: str
    right: str
    wrong: str


# fmt: off
MUTANTS = [
    # what may be in place
    Mutant("in place over an output that is read", "ops/activation.pxi", "READS_SOURCE if needs_input(op.activation) else READS_TARGET", "READS_SOURCE if needs_input(op.activation) else READS_NOTHING"),
    Mutant("in place over an input that is read", "ops/activation.pxi", "READS_SOURCE if needs_input(op.activation) else READS_TARGET", "READS_TARGET"),
    Mutant("in place over the input of the network", "check.pxi", "if op.source == 0 or reads_backward(op)", "if reads_backward(op)"),
    Mutant("in place over what a sum still needs", "check.pxi", "if reads_other(other) and other.other == op.source and i > number:", "if reads_other(other) and other.other == op.source and i > plan.n_ops:"),
    # convolutions
    Mutant("1 x 1 convolutions told by sizes alone", "convolve.pxi", "if kh == 0 and kw == 0 and geom.sh == 1 and geom.sw == 1 and", "if kh == 0 and kw == 0 and"),
    Mutant("rows by the stride of columns", "convolve.pxi", "layout.am, layout.row_step = layout.pixels * sw * c, sh * width * c", "layout.am, layout.row_step = layout.pixels * sw * c, sw * width * c"),
    Mutant("dilation of rows by that of columns", "convolve.pxi", "geom.dh * width * c, geom.dw * c, 1", "geom.dw * width * c, geom.dw * c, 1"),
    Mutant("gradient spread by the other stride", "convolve.pxi", "row = kh - geom.top + y * geom.sh", "row = kh - geom.top + y * geom.sw"),
    Mutant("no window in the padding only", "convolve.pxi", "if row < 0 or row >= geom.ih + kh:", "if row < 0:"),
    Mutant("kernel not flipped", "convolve.pxi", "column, tap = pixel * channels + channel, (geom.kh - 1 - i) * layout.taps + geom.kw - 1 - j + pixel", "column, tap = pixel * channels + channel, (geom.kh - 1 - i) * layout.taps + j + pixel"),
    Mutant("sum of windows by the other stride", "convolve.pxi", "window = image + (i * geom.dh * geom.w + x * geom.sw) * geom.c + panel.begin", "window = image + (i * geom.dh * geom.w + x * geom.sh) * geom.c + panel.begin"),
    Mutant("sum of windows cropped at the wrong corner", "convolve.pxi", "image + ((r + geom.top) * geom.w + geom.left) * geom.c,", "image + ((r + geom.left) * geom.w + geom.top) * geom.c,"),
    Mutant("weight gradient of the first group for all", "convolve.pxi", "j * layout.inner.as_ + group * layout.channels", "j * layout.inner.as_"),
    Mutant("weight gradient of one pixel of several", "training.pxi", "                for pixel in range(layout.pixels):\n                    g[out] +=", "                for pixel in range(1):\n                    g[out] +="),
    Mutant("bias gradient without the last row", "convolve.pxi", "        for y in range(geom.oh):\n            row = d.at + i * d.stride + y * size", "        for y in range(max(geom.oh - 1, 1)):\n            row = d.at + i * d.stride + y * size"),
    Mutant("padding at the wrong corner", "ops/pad.pxi", "memcpy(y + ((r + geom.top) * geom.ow + geom.left) * geom.c", "memcpy(y + ((r + geom.left) * geom.ow + geom.top) * geom.c"),
    Mutant("depthwise kernel not flipped", "ops/depthwise.pxi", "            w += (p.n_in - 1) * panel.width\n            w_tap = -panel.width", "            w_tap = panel.width"),
    Mutant("depthwise gradient of every second column", "ops/depthwise.pxi", "for o in range(geom.ow):\n                            total", "for o in range(0, geom.ow, 2):\n                            total"),
    Mutant("Winograd's tiles of the wrong corner", "winograd.pxi", "geom.ih, geom.iw, geom.top, geom.left, tiles", "geom.ih, geom.iw, geom.left, geom.top, tiles"),
    Mutant("Winograd's weight gradient forgets earlier tiles", "winograd.pxi", "accumulate or number > 0)", "accumulate)"),
    Mutant("Winograd's fourth output of whole tiles", "winograd.pxi", "return tiles.ends[1]", "return tiles.ends[0]"),
    Mutant("Winograd's narrow tiles among the whole ones", "winograd.pxi", "2 * low + (low == narrow)", "2 * low + narrow"),
    Mutant("Winograd's missing positions are what was there", "winograd.pxi", "clear_others(s.inputs, s.inputs_plane, width, &tiles)", "pass"),
    Mutant("Winograd's overlaps in the order of the groups", "winograd.pxi", "k = tiles.place[t]", "k = t"),
    Mutant("Winograd's tiles of unequal size", "winograd.pxi", "top = geom.oh * row // rows", "top = row * SKNN_OUT"),
    # factors in bfloat16
    Mutant("bfloat16: ties away from zero", "bfloat16.h", "0x7fffu + (u >> 16 & 1u)", "0x8000u"),
    Mutant("bfloat16: the even factor first", "bfloat16.h", "            to[k] = nearest_bfloat16(from[k + 1]);\n            to[k + 1] = nearest_bfloat16(from[k]);", "            to[k] = nearest_bfloat16(from[k]);\n            to[k + 1] = nearest_bfloat16(from[k + 1]);"),
    Mutant("bfloat16: sums between chunks in C", "bfloat16.h", "last ? C : chunk.c, last ? cm : columns", "C, cm"),
    Mutant("bfloat16: rows of the first chunk for all", "bfloat16.h", "multiply_chunks(A + i * am,", "multiply_chunks(A,"),
    Mutant("bfloat16: a few rows from weights that are not there", "forward.pxi", "and not plan.bfloat16)", ")"),
    Mutant("bfloat16: a window's next row begins where it ended", "bfloat16.h", "at->k = 0;", "at->k = at->k;"),
    Mutant("bfloat16: words of the padding of transposed weights", "ops/dense.pxi", "if (i + 1) * SKNN_V > last:     # the padding", "if False:     # the padding"),
    Mutant("bfloat16: shares of Winograd's weights cut pairs", "ops/conv.pxi", "share // n_shares // 2 * 2", "share // n_shares"),
    # max pooling ahead of a batch norm
    Mutant("pooled norm: maxima where slopes are negative", "pool.h", "(vec){0}), -one, one) : one;", "(vec){0}), one, one) : one;"),
    Mutant("pooled norm: gradients beyond the windows", "batch_norm.h", "const int inside = i < at->oh * at->kh && j < at->ow * at->kw;", "const int inside = 1;"),
    Mutant("pooled norm: the next row of taps", "batch_norm.h", "real tap = (real)(i % at->kh * at->kw)", "real tap = (real)(i % at->kh * at->kh)"),
    Mutant("pooled norm: moments of what is left", "ops/batch_norm.pxi", "return norm.source if pool == NULL else pool.source", "return norm.source"),
    # what only one visit uses
    Mutant("visits: the gathered input", "segments.pxi", "    note_use(values, 0, 0) ", "    pass # "),
    Mutant("visits: an input read backward", "segments.pxi", "READS_SOURCE or has_weights(op):", "READS_SOURCE and False:"),
    Mutant("visits: an output read backward", "segments.pxi", "if reads_backward(op) & READS_TARGET:", "if False:"),
    Mutant("visits: the winners of max pooling", "segments.pxi", "    if writes_other(op):", "    if False:"),
    Mutant("visits: the gradient of a sum", "segments.pxi", "    if adds_gradient_of_other(op):", "    if False:"),
    Mutant("visits: the gradient of a batch norm", "segments.pxi", "note_use(gradients, dy, back + 1)", "note_use(gradients, dy, back)"),
    Mutant("visits: what a weight gradient reads", "segments.pxi", "note_use(values, op.source, after)", "note_use(values, op.source, back)"),
    Mutant("visits: the other term of a sum", "segments.pxi", "note_use(values, op.other, segment)", "pass"),
    # threads
    Mutant("pace: the slower number of threads", "pace.pxi", "settle(p, p.all_step <= p.one_step)", "settle(p, p.all_step > p.one_step)"),
    Mutant("pace: long steps are tried, too", "state.pxi", "s.data.n_samples) < LONG_STEP", "s.data.n_samples) < 1e30"),
    Mutant("pace: one thread for a second at once", "pace.pxi", "p.settled_for = ONE_FOR", "p.settled_for = SETTLED_FOR"),
    Mutant("pace: hopeless threads are tried to the end", "pace.pxi", "if all and not settled and p.time > HOPELESS * p.one_step", "if all and not settled and p.time > 1e9 * p.one_step"),
    Mutant("pace: what is clear is tried twice", "pace.pxi", "p.phase == TRY_ONE_AGAIN and is_clear(p)", "p.phase == TRY_ONE_AGAIN and False"),
    Mutant("pace: close calls are tried once", "pace.pxi", "p.phase == TRY_ONE_AGAIN and is_clear(p)", "p.phase == TRY_ONE_AGAIN"),
    # pools
    Mutant("the last of equal values wins", "pool.h", "const mask wins = (mask)(v > best)", "const mask wins = (mask)(v >= best)"),
    Mutant("winners numbered by rows", "ops/pool.pxi", "tap = i * geom.kw + j", "tap = i * geom.kh + j"),
    Mutant("windows that overlap in columns", "ops/pool.pxi", "return geom.sh == geom.kh and geom.sw == geom.kw and", "return geom.sh == geom.kh and"),
    Mutant("mean over what lies outside, too", "ops/pool.pxi", "            share = share_of_mean(geom, &t, oy, ox, counts_padding)\n            for k in range(geom.c):", "            share = share_of_mean(geom, &t, oy, ox, True)\n            for k in range(geom.c):"),
    Mutant("gradient of that mean", "ops/pool.pxi", "            share = share_of_mean(geom, &t, oy, ox, counts_padding)\n            for i in range", "            share = share_of_mean(geom, &t, oy, ox, True)\n            for i in range"),
    # normalisation
    Mutant("batch norm: gradient without weights", "batch_norm.h", "weight * CONST_VEC(dbeta + k),", "CONST_VEC(dbeta + k),"),
    Mutant("batch norm: slope without weights", "batch_norm.h", "weight * s * CONST_VEC(dgamma + k)", "s * CONST_VEC(dgamma + k)"),
    Mutant("batch norm: last channels without weights", "batch_norm.h", "dy[i * c + j] - weight * (dbeta[j]", "dy[i * c + j] - (dbeta[j]"),
    Mutant("batch norm: mean without weights", "ops/batch_norm.pxi", "pixels, c, weight, mean)", "pixels, c, 1, mean)"),
    Mutant("batch norm: variance without weights", "ops/batch_norm.pxi", "c, weight_of(weights, samples[r]), mean, deviation)", "c, 1, mean, deviation)"),
    Mutant("batch norm: moments of lanes without their distance", "ops/batch_norm.pxi", "a[c + k] += b[c + k] + a[0] * share * difference * difference", "a[c + k] += b[c + k]"),
    Mutant("batch norm: biased running variance", "step.pxi", "total[1 + c + k] / total[0] * n / (n - 1)", "total[1 + c + k] / total[0]"),
    Mutant("batch norm: small batches count like large ones", "step.pxi", "op.momentum * rows / min(s.blocks.batch_size, s.data.n_samples)", "op.momentum"),
    Mutant("batch norm: sums by rows, not weights", "step.pxi", "1.0 / (weight_sum * op.geometry.h * op.geometry.w)", "1.0 / (s.epoch.batch_rows * op.geometry.h * op.geometry.w)"),
    Mutant("batch norm: a lane left out of its sums", "step.pxi", "    for lane in range(lanes):\n        sums =", "    for lane in range(1, lanes):\n        sums ="),
    Mutant("batch norm: nothing flows through in prediction", "gradient.pxi", "if segment + 1 < plan.n_segments:", "if segment + 1 < 0:"),
    Mutant("layer norm: mean of the gradient", "norm.h", "gamma[k] - mean_d[j] - (v[k] - mean[j])", "gamma[k] - (v[k] - mean[j])"),
    # branches
    Mutant("gradient of a residual's shortcut", "ops/residual.pxi", "add_rows(d, gradient_of(t.plan, t.ws, op.other, t.begin), dx,", "add_rows(d, d, dx,"),
    Mutant("transposition the wrong way back", "ops/transpose.pxi", "transpose_image(op.geometry.c, op.geometry.h * op.geometry.w, d.at", "transpose_image(op.geometry.h * op.geometry.w, op.geometry.c, d.at"),
    Mutant("gradient of columns to the wrong place", "ops/copy.pxi", "copy_columns(d, op.geometry.to, dx, op.geometry.first,", "copy_columns(d, op.geometry.to, dx, op.geometry.to,"),
    # layers of channels, embeddings
    Mutant("gradient of a factor", "ops/scale.pxi", "ds[k] += x[k] * dy[k]", "ds[k] += dy[k]"),
    Mutant("parametric activation: gradient of its share", "ops/parametric.pxi", "da[k] += (f[k] - x[k]) * dy[k]", "da[k] += f[k] * dy[k]"),
    Mutant("periodic: gradient of the phase", "periodic.h", "AT(g + (K + k) * row) += dt;", "AT(g + (K + k) * row) += dt * scaled_x;"),
    Mutant("periodic: one frequency left out of dx", "periodic.h", "for (ptrdiff_t k = 0; k < t->K; k++)\n        sum +=", "for (ptrdiff_t k = 1; k < t->K; k++)\n        sum +="),
    Mutant("piecewise: gradient beyond an edge", "piecewise.h", "vec_choose(below | above, zero, steep)", "vec_choose(below, zero, steep)"),
    Mutant("unknown categories are the first", "ops/embedding.pxi", "return <Py_ssize_t>code if code >= 0 and code < n else -1", "return <Py_ssize_t>code if code >= 0 and code < n else 0"),
    Mutant("embedding: gradient of the first column for all", "ops/embedding.pxi", "dy = d.at + r * d.stride + op.geometry.to + panel.begin", "dy = d.at + r * d.stride + panel.begin"),
    # activations
    Mutant("tanh: 1 - y", "activation.pxi", "d[i] = d[i] * (one - y[i] * y[i])", "d[i] = d[i] * (one - y[i])"),
    Mutant("gelu: gradient from the output", "activation.pxi", "real_gelu_derivative(x[i])", "real_gelu_derivative(y[i])"),
    Mutant("leaky relu: slope of zero", "activation.pxi", "alpha * d[i] if y[i] <= zero else d[i]", "zero if y[i] <= zero else d[i]"),
    Mutant("selu: slope below zero", "activation.pxi", "y[i] + scale_alpha if y[i] <= zero", "y[i] + scale if y[i] <= zero"),
    # masks
    Mutant("mask of the first sample for all, backward", "ops/dropout.pxi", "d.at + r * d.stride, d.at + r * d.stride,\n                      mask_key(masks, t.samples[r], op.mask)", "d.at + r * d.stride, d.at + r * d.stride,\n                      mask_key(masks, t.samples[0], op.mask)"),
    Mutant("one mask for all layers", "masks.pxi", "sample), <u64>layer) >> 32", "sample), <u64>0) >> 32"),
    Mutant("masks of places, not of channels", "ops/dropout.pxi", "c = op.geometry.c if op.geometry.c > 0 else buffer.width", "c = buffer.width"),
    Mutant("dropout not scaled up", "ops/dropout.pxi", "cdef real scale = <real>(1.0 / (1.0 - rate)), zero = 0", "cdef real scale = <real>1.0, zero = 0"),
    Mutant("CSR rows: one mask for all columns", "ops/dense_csr.pxi", "if element_hash(key, <u32>column)", "if element_hash(key, <u32>0)"),
    Mutant("CSR rows: a column too many in a task", "ops/dense_csr.pxi", "while e < end and x.indices[e] < last:", "while e < end and x.indices[e] < last - 1:"),
    # dense layers and steps
    Mutant("transposed weights not renewed", "training.pxi", "        derive(s.plan, op, task.panel, s.model.params, s.model.derived, task.first, task.last, True)\n    elif", "        derive(s.plan, op, task.panel, s.model.params, s.model.derived, task.first, task.first, True)\n    elif"),
    Mutant("derived biases not renewed", "training.pxi", "        KINDS[op.kind].derive_bias(p, s.model.params, s.model.derived)", "        pass"),
    Mutant("the last lane left out", "training.pxi", "    for lane in range(n_lanes(s, rows)):\n        of_lane", "    for lane in range(max(1, rows // s.blocks.lane_rows)):\n        of_lane"),
    Mutant("as many lanes as threads", "state.pxi", "    lanes = MAX_LANES\n", "    lanes = s.tasks.n_shares\n"),
    Mutant("biases at the rate of the weights", "training.pxi", "own.rate *= p.bias_rate_factor if task.bias else p.rate_factor", "own.rate *= p.rate_factor"),
    Mutant("decay without its factor", "training.pxi", "own.decay *= p.decay_factor if", "own.decay *= 1 if"),
    Mutant("factors of norms decay", "training.pxi", "if not task.bias and s.alpha > 0 and s.plan.parameters[s.plan.ops[task.op].parameter].decays:", "if not task.bias and s.alpha > 0:"),
    Mutant("penalty over the samples, not their weights", "training.pxi", "<real>(s.alpha / weight_sum)", "<real>(s.alpha / s.epoch.batch_rows)"),
    Mutant("clipped by the square of the norm", "training.pxi", "    norm = sqrt(norm)\n", ""),
    Mutant("Muon: steps by the smaller side", "training.pxi", "sqrt(max(p.n_in, p.n_out))", "sqrt(min(p.n_in, p.n_out))"),
    Mutant("Adam: moments exchanged", "optimizer.pxi", "w[i] -= rate * m[i] / (real_sqrt(v[i]) + epsilon)", "w[i] -= rate * v[i] / (real_sqrt(m[i] * m[i]) + epsilon)"),
    Mutant("Nesterov's momentum is the classical one", "optimizer.pxi", "w[i] += momentum * v[i] - rate * g[i]", "w[i] += v[i]"),
    # threads and losses
    Mutant("a thread skips a row", "step.pxi", "work_on_rows(s, thread, block, m * thread // n_threads, m", "work_on_rows(s, thread, block, m * thread // n_threads + (thread > 1), m"),
    Mutant("a lane is done by nobody", "step.pxi", "        lane += n_threads\n", "        lane += n_threads + (n_threads > 2)\n"),
    Mutant("weight of the wrong sample", "loss.pxi", "            weight = sample_weight[samples[i]]", "            weight = sample_weight[i]"),
    Mutant("label smoothing of the other classes", "loss.pxi", "scales[i] * share)", "scales[i] * share / n)"),
    Mutant("huber: slope beyond delta", "loss.pxi", "(option if r > 0 else -option)", "(option if r > 0 else option)"),
]
# fmt: on
