using System.Buffers;

namespace VizPipeline.Images;

// Crops of grey and of colour with alpha, with Pillow's pixels: convert, then resize.
public sealed partial record Preprocessing
{
    /// <summary>Pillow's <c>convert('L')</c>: ITU-R 601 in 16 bits of fraction, rounded.</summary>
    internal static byte Luma(byte red, byte green, byte blue) => (byte)(((red * 19595) + (green * 38470) + (blue * 7471) + 0x8000) >> 16);

    private void CropGrey(ReadOnlySpan<byte> rgb, int width, int height, Span<byte> crop)
    {
        var (grey, cut) = (ArrayPool<byte>.Shared.Rent(rgb.Length), ArrayPool<byte>.Shared.Rent(CropHeight * CropWidth * 3));
        try
        {
            // All three planes are equal, so the RGB resize serves all kinds of images.
            for (var i = 0; i + 2 < rgb.Length; i += 3)
                grey.AsSpan(i, 3).Fill(Luma(rgb[i], rgb[i + 1], rgb[i + 2]));
            CropColour(grey.AsSpan(0, rgb.Length), width, height, cut);
            for (var i = 0; i < CropHeight * CropWidth; i++)
                crop[i] = cut[i * 3];
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(grey);
            ArrayPool<byte>.Shared.Return(cut);
        }
    }

    private void CropWithAlpha(ReadOnlySpan<byte> rgb, int width, int height, byte[]? alpha, Span<byte> crop)
    {
        var area = CropHeight * CropWidth;
        var colours = crop[..(area * 3)];
        var opacity = crop[(area * 3)..];
        var planes = ArrayPool<byte>.Shared.Rent(rgb.Length);
        var cut = ArrayPool<byte>.Shared.Rent(area * 3);
        try
        {
            for (var i = 0; i < rgb.Length; i++)
                planes[i] = alpha is null ? (byte)255 : alpha[i / 3];
            CropColour(planes.AsSpan(0, rgb.Length), width, height, cut);
            for (var i = 0; i < area; i++)
                opacity[i] = cut[i * 3];
            // Colours of transparent pixels must not bleed: Pillow multiplies by alpha, resizes, and divides again.
            var isBlended = alpha is not null && ResizedSize(width, height) != (width, height);
            if (!isBlended)
            {
                CropColour(rgb, width, height, colours);
                return;
            }
            for (var i = 0; i < rgb.Length; i++)
                planes[i] = Times(rgb[i], alpha![i / 3]);
            CropColour(planes.AsSpan(0, rgb.Length), width, height, colours);
            for (var i = 0; i < area * 3; i++)
            {
                if (opacity[i / 3] is > 0 and < 255 and var a)
                    colours[i] = (byte)Math.Min(255, 255 * colours[i] / a);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(planes);
            ArrayPool<byte>.Shared.Return(cut);
        }
    }

    // a * b / 255, rounded as in Pillow.
    private static byte Times(byte a, byte b)
    {
        var product = (a * b) + 128;
        return (byte)(((product >> 8) + product) >> 8);
    }
}
