#ifndef SEALEDSFU_VPX_SHIMS_H
#define SEALEDSFU_VPX_SHIMS_H

#include <vpx/vp8cx.h>
#include <vpx/vpx_encoder.h>

// vpx_codec_enc_init and vpx_codec_control are macros, the latter around a variadic call: Swift imports neither.
// Each returns 0 (VPX_CODEC_OK) or an error of libvpx.

static inline vpx_codec_err_t vpx_shims_init_vp8(vpx_codec_ctx_t *codec, const vpx_codec_enc_cfg_t *configuration) {
  return vpx_codec_enc_init(codec, vpx_codec_vp8_cx(), configuration, 0);
}

// Negative: a fixed speed, -16 the fastest. Positive: whatever speed keeps a share of one core free.
static inline vpx_codec_err_t vpx_shims_set_speed(vpx_codec_ctx_t *codec, int speed) {
  return vpx_codec_control(codec, VP8E_SET_CPUUSED, speed);
}

// Blocks that changed less than this are left as they were.
static inline vpx_codec_err_t vpx_shims_set_static_threshold(vpx_codec_ctx_t *codec, unsigned int threshold) {
  return vpx_codec_control(codec, VP8E_SET_STATIC_THRESHOLD, threshold);
}

#endif
