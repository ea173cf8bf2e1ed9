import CVPX
import CVPXShims

/// libvpx as a call uses it: VP8 in real time, one frame out for each frame in, key frames when asked for.
@safe
package final class VP8Encoder {
  package struct Frame: Sendable {
    package let bytes: [UInt8]
    package let isKeyFrame: Bool
  }

  /// A fixed speed, so that equal pictures give equal frames on any machine; faster ones look worse and save little.
  private static let speed: Int32 = -12

  private let codec: UnsafeMutablePointer<vpx_codec_ctx_t>
  private var configuration: vpx_codec_enc_cfg_t
  private let width: Int
  private let height: Int
  private var count: Int64 = 0
  private var keyFrameWanted = true

  /// `width` and `height`: even, in pixels. `bitrate`: bits per second. Nil when libvpx cannot make an encoder, which
  /// means that memory is exhausted.
  package init?(width: Int, height: Int, frameRate: Int, bitrate: Int) {
    precondition(width > 0 && height > 0 && width.isMultiple(of: 2) && height.isMultiple(of: 2) && frameRate > 0)
    unsafe configuration = vpx_codec_enc_cfg_t()
    guard unsafe vpx_codec_enc_config_default(vpx_codec_vp8_cx(), &configuration, 0) == VPX_CODEC_OK else { return nil }
    unsafe configuration.g_w = UInt32(width)
    unsafe configuration.g_h = UInt32(height)
    unsafe configuration.g_timebase = vpx_rational(num: 1, den: Int32(frameRate))
    unsafe configuration.g_threads = 1
    unsafe configuration.g_lag_in_frames = 0
    // A frame that is lost spoils those after it until the next key frame, and not how they are parsed.
    unsafe configuration.g_error_resilient = vpx_codec_er_flags_t(VPX_ERROR_RESILIENT_DEFAULT)
    unsafe configuration.rc_end_usage = VPX_CBR
    unsafe configuration.rc_target_bitrate = UInt32(max(1, bitrate / 1_000))
    unsafe configuration.rc_dropframe_thresh = 0
    unsafe configuration.rc_buf_sz = 1_000
    unsafe configuration.rc_buf_initial_sz = 500
    unsafe configuration.rc_buf_optimal_sz = 600
    // Those who come later ask for a key frame; nobody needs one at fixed intervals.
    unsafe configuration.kf_mode = VPX_KF_AUTO
    unsafe configuration.kf_max_dist = 3_000
    self.width = width
    self.height = height
    unsafe codec = UnsafeMutablePointer<vpx_codec_ctx_t>.allocate(capacity: 1)
    unsafe codec.initialize(to: vpx_codec_ctx_t())
    guard unsafe vpx_shims_init_vp8(codec, &configuration) == VPX_CODEC_OK,
      unsafe vpx_shims_set_speed(codec, Self.speed) == VPX_CODEC_OK,
      unsafe vpx_shims_set_static_threshold(codec, 1) == VPX_CODEC_OK
    else { return nil }
  }

  deinit {
    // Does nothing to an encoder that was never made.
    unsafe vpx_codec_destroy(codec)
    unsafe codec.deallocate()
  }

  /// The next frame will be a key frame, as the first one is.
  package func requestKeyFrame() { keyFrameWanted = true }

  /// From the next frame on. Out of range is brought into it.
  package func setBitrate(_ bitrate: Int) {
    unsafe configuration.rc_target_bitrate = UInt32(min(max(bitrate / 1_000, 50), 20_000))
    _ = unsafe vpx_codec_enc_config_set(codec, &configuration)
  }

  /// Encodes one picture in I420: the rows of Y, then those of U, then those of V, without gaps. Nil on an encoder error.
  package func encode(_ picture: [UInt8]) -> Frame? {
    precondition(picture.count == width * height * 3 / 2)
    let flags = keyFrameWanted ? vpx_enc_frame_flags_t(VPX_EFLAG_FORCE_KF) : 0
    let status = unsafe picture.withUnsafeBufferPointer { pixels in
      var image = unsafe vpx_image_t()
      // libvpx takes a pointer that it could write through; an encoder only reads.
      let start = unsafe UnsafeMutablePointer(mutating: pixels.baseAddress)
      unsafe vpx_img_wrap(&image, VPX_IMG_FMT_I420, UInt32(width), UInt32(height), 1, start)
      return unsafe vpx_codec_encode(codec, &image, count, 1, flags, UInt(VPX_DL_REALTIME))
    }
    guard status == VPX_CODEC_OK else { return nil }
    count += 1
    keyFrameWanted = false
    var bytes: [UInt8] = []
    var isKeyFrame = false
    var iterator: vpx_codec_iter_t?
    while let packet = unsafe vpx_codec_get_cx_data(codec, &iterator) {
      guard unsafe packet.pointee.kind == VPX_CODEC_CX_FRAME_PKT else { continue }
      let frame = unsafe packet.pointee.data.frame
      unsafe bytes.append(contentsOf: UnsafeRawBufferPointer(start: frame.buf, count: frame.sz))
      isKeyFrame = unsafe frame.flags & vpx_codec_frame_flags_t(VPX_FRAME_IS_KEY) != 0
    }
    return bytes.isEmpty ? nil : Frame(bytes: bytes, isKeyFrame: isKeyFrame)
  }
}
