/* One step of each kind of recurrence and its gradient, as formulas. */
#include "recurrence.h"

#include <math.h>

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double at(const double *state, size_t u) { return state ? state[u] : 0; }

/* Column `column` of state [U] * kernel [U,width]. */
static double product(const double *state, const double *kernel, size_t U, size_t width, size_t column)
{
    double sum = 0;
    for (size_t k = 0; state && k < U; k++) sum += state[k] * kernel[k * width + column];
    return sum;
}

/* The input's part of a column. */
static double input(const gz_recurrence_step *s, size_t column)
{
    const size_t width = gz_recurrence_gates(s->kind) * s->U;
    return s->D ? at(s->x_bias, column) + product(s->x, s->x_kernel, s->D, width, column) : s->x[column];
}

/* Gate g of unit u before its activation, without the bias of gru. */
static double gate(const gz_recurrence_step *s, size_t g, size_t u)
{
    const size_t width = gz_recurrence_gates(s->kind) * s->U, column = g * s->U + u;
    return input(s, column) + product(s->h_before, s->kernel, s->U, width, column);
}

static void keep(const gz_recurrence_step *s, size_t u, double a, double b, double c, double d)
{
    const double values[4] = {a, b, c, d};
    for (size_t g = 0; s->gates && g < 4; g++) s->gates[g * s->U + u] = values[g];
}

/* Hochreiter and Schmidhuber 1997 with the forget gate of Gers 2000: gates i f c o. */
static void lstm(const gz_recurrence_step *s)
{
    for (size_t u = 0; u < s->U; u++) {
        const double i = sigmoid(gate(s, 0, u)), f = sigmoid(gate(s, 1, u)), c = tanh(gate(s, 2, u)),
                     o = sigmoid(gate(s, 3, u));
        s->c[u] = f * at(s->c_before, u) + i * c;
        s->h[u] = o * tanh(s->c[u]);
        keep(s, u, i, f, c, o);
    }
}

/* Cho et al. 2014, the reset gate after the product (Keras' reset_after): gates z r n. */
static void gru(const gz_recurrence_step *s)
{
    const size_t U = s->U;
    const double *bias = s->bias, *recurrent = s->bias ? s->bias + 3 * U : NULL;
    for (size_t u = 0; u < U; u++) {
        const double z = sigmoid(gate(s, 0, u) + at(bias, u) + at(recurrent, u)),
                     r = sigmoid(gate(s, 1, u) + at(bias, U + u) + at(recurrent, U + u)),
                     q = product(s->h_before, s->kernel, U, 3 * U, 2 * U + u) + at(recurrent, 2 * U + u),
                     n = tanh(input(s, 2 * U + u) + at(bias, 2 * U + u) + r * q);
        s->h[u] = z * at(s->h_before, u) + (1 - z) * n;
        keep(s, u, z, r, n, q);
    }
}

/* The same with the reset gate before the product, q = r h. */
static void gru_reset_before(const gz_recurrence_step *s)
{
    const size_t U = s->U;
    for (size_t u = 0; u < U; u++) {
        const double z = sigmoid(gate(s, 0, u)), r = sigmoid(gate(s, 1, u));
        keep(s, u, z, r, 0, r * at(s->h_before, u));
    }
    for (size_t u = 0; u < U; u++) {
        const double z = s->gates[u], n = tanh(input(s, 2 * U + u) +
                                               product(s->gates + 3 * U, s->kernel, U, 3 * U, 2 * U + u));
        s->h[u] = z * at(s->h_before, u) + (1 - z) * n;
        s->gates[2 * U + u] = n;
    }
}

/* Elman 1990 */
static void rnn(const gz_recurrence_step *s)
{
    for (size_t u = 0; u < s->U; u++) s->h[u] = tanh(gate(s, 0, u));
}

void gz_recurrence_forward(const gz_recurrence_step *step)
{
    switch (step->kind) {
    case GZ_RNN: rnn(step); break;
    case GZ_GRU: gru(step); break;
    case GZ_GRU_RESET_BEFORE: gru_reset_before(step); break;
    case GZ_LSTM: lstm(step); break;
    }
}

/* dh += d kernel^T, of columns first .. first + count */
static void add_product(const gz_recurrence_back *s, const double *d, size_t first, size_t count)
{
    const size_t width = gz_recurrence_gates(s->kind) * s->U;
    for (size_t k = 0; k < s->U; k++)
        for (size_t j = first; j < first + count; j++) s->dh[k] += d[j] * s->kernel[k * width + j];
}

static void lstm_backward(const gz_recurrence_back *s)
{
    const size_t U = s->U;
    for (size_t u = 0; u < U; u++) {
        const double i = s->gates[u], f = s->gates[U + u], c = s->gates[2 * U + u], o = s->gates[3 * U + u];
        const double t = tanh(s->state[u]);                      /* h = o tanh(c_t) */
        const double dc = s->dc[u] + s->dh[u] * o * (1 - t * t); /* c_t = f c_before + i c */
        s->dz[u] = dc * c * i * (1 - i);
        s->dz[U + u] = dc * at(s->before, u) * f * (1 - f);
        s->dz[2 * U + u] = dc * i * (1 - c * c);
        s->dz[3 * U + u] = s->dh[u] * t * o * (1 - o);
        s->dc[u] = dc * f;
        s->dh[u] = 0;
    }
    add_product(s, s->dz, 0, 4 * U);
}

static void gru_backward(const gz_recurrence_back *s)
{
    const size_t U = s->U;
    for (size_t u = 0; u < U; u++) {
        const double z = s->gates[u], r = s->gates[U + u], n = s->gates[2 * U + u], q = s->gates[3 * U + u];
        const double dn =
            s->dh[u] * (1 - z) * (1 - n * n); /* h = z h_before + (1 - z) n, n = tanh(xw + r q) */
        s->dz[u] = s->product[u] = s->dh[u] * (at(s->before, u) - n) * z * (1 - z);
        s->dz[U + u] = s->product[U + u] = dn * q * r * (1 - r);
        s->dz[2 * U + u] = dn;
        s->product[2 * U + u] = dn * r;
        s->dh[u] *= z;
    }
    add_product(s, s->product, 0, 3 * U);
}

static void gru_reset_before_backward(const gz_recurrence_back *s)
{
    const size_t U = s->U;
    for (size_t u = 0; u < U; u++) {
        const double z = s->gates[u], n = s->gates[2 * U + u];
        s->dz[u] = s->dh[u] * (at(s->before, u) - n) * z * (1 - z);
        s->dz[2 * U + u] = s->dh[u] * (1 - z) * (1 - n * n);
        s->dh[u] *= z;
    }
    for (size_t u = 0; u < U; u++) { /* n = tanh(xw + q kernel), q = r h_before */
        const double r = s->gates[U + u];
        double dq = 0;
        for (size_t j = 2 * U; j < 3 * U; j++) dq += s->dz[j] * s->kernel[u * 3 * U + j];
        s->dz[U + u] = dq * at(s->before, u) * r * (1 - r);
        s->dh[u] += dq * r;
    }
    add_product(s, s->dz, 0, 2 * U);
}

static void rnn_backward(const gz_recurrence_back *s)
{
    for (size_t u = 0; u < s->U; u++) {
        s->dz[u] = s->dh[u] * (1 - s->state[u] * s->state[u]); /* h = tanh(.) */
        s->dh[u] = 0;
    }
    add_product(s, s->dz, 0, s->U);
}

void gz_recurrence_backward(const gz_recurrence_back *step)
{
    switch (step->kind) {
    case GZ_RNN: rnn_backward(step); break;
    case GZ_GRU: gru_backward(step); break;
    case GZ_GRU_RESET_BEFORE: gru_reset_before_backward(step); break;
    case GZ_LSTM: lstm_backward(step); break;
    }
}
