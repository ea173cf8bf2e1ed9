#ifndef SEALEDSFU_OPUS_SHIMS_H
#define SEALEDSFU_OPUS_SHIMS_H

#include <opus.h>

// opus_encoder_ctl is variadic and its requests are macros, neither of which Swift imports.

// Bitrate in bits per second, in-band FEC, and the loss (percent) that FEC is tuned for. 0 (OPUS_OK) or an Opus error.
static inline int opus_shims_configure_speech(OpusEncoder *encoder, opus_int32 bitrate, opus_int32 expected_loss) {
  int status = opus_encoder_ctl(encoder, OPUS_SET_BITRATE(bitrate));
  if (status == OPUS_OK) status = opus_encoder_ctl(encoder, OPUS_SET_INBAND_FEC(1));
  if (status == OPUS_OK) status = opus_encoder_ctl(encoder, OPUS_SET_PACKET_LOSS_PERC(expected_loss));
  if (status == OPUS_OK) status = opus_encoder_ctl(encoder, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE));
  return status;
}

// Discontinuous transmission: of silence most packets come out with two bytes or less and need not be sent. 0 (OPUS_OK) or
// an Opus error.
static inline int opus_shims_enable_dtx(OpusEncoder *encoder) { return opus_encoder_ctl(encoder, OPUS_SET_DTX(1)); }

// Samples at 48 kHz that the encoder delays its input by: the pre-skip of Ogg Opus (RFC 7845 section 5.1).
static inline int opus_shims_lookahead(OpusEncoder *encoder) {
  opus_int32 samples = 0;
  return opus_encoder_ctl(encoder, OPUS_GET_LOOKAHEAD(&samples)) == OPUS_OK ? (int)samples : -1;
}

#endif
