namespace VizPipeline.Images;

/// <summary>The markers that a JPEG file consists of.</summary>
internal static class JpegMarkers
{
    private const byte EndOfImage = 0xD9;
    private const byte ProgressiveFrame = 0xC2;

    /// <summary>
    /// Returns whether the file is progressive and truncated. Skia decodes what the scans up to that point contain, a blurred or half
    /// image, and reports success. The rows of other JPEGs are in sequence, and Skia reports when some are missing.
    /// </summary>
    public static bool IsProgressiveCutShort(ReadOnlySpan<byte> file)
    {
        if (!file.StartsWith(ImageSignature.Jpeg))
            return false;
        var isProgressive = false;
        for (var at = 2; ;)
        {
            // Everything before the next marker is a scan's data: 0xFF 0 is a data byte, and D0 to D7 are restart markers within it.
            var next = file[at..].IndexOf((byte)0xFF);
            if (next < 0 || at + next + 1 >= file.Length)
                return isProgressive;
            at += next + 1;
            var marker = file[at];
            if (marker == EndOfImage)
                return false;
            if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC))
            {
                if (marker != ProgressiveFrame)
                    return false;
                isProgressive = true;
            }
            if (marker is 0xFF or 0 or 1 or (>= 0xD0 and <= 0xD8))
            {
                at += marker == 0xFF ? 0 : 1;
                continue;
            }
            // All others are followed by their length, which includes its own two bytes.
            if (at + 3 > file.Length)
                return isProgressive;
            at += 1 + Math.Max(2, (file[at + 1] << 8) | file[at + 2]);
            if (at > file.Length)
                return isProgressive;
        }
    }
}
