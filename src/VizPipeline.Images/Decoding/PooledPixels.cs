using System.Buffers;

namespace VizPipeline.Images;

/// <summary>Decoded pixels in a pooled array of four bytes per pixel; returned to the pool on dispose.</summary>
internal sealed class PooledPixels(int width, int height) : IDisposable
{
    public int Width { get; } = width;

    public int Height { get; } = height;

    public byte[] Buffer { get; private set; } = ArrayPool<byte>.Shared.Rent(checked(width * height * 4));

    /// <summary>Height x width bytes of alpha; null if the image is opaque or alpha was not requested.</summary>
    public byte[]? Alpha { get; private set; }

    /// <summary>Sets the four bytes of every pixel to 0.</summary>
    public void Clear() => Buffer.AsSpan(0, Width * Height * 4).Clear();

    /// <summary>Saves the alpha of all pixels, which is overwritten when the colours are packed.</summary>
    public void KeepAlpha()
    {
        var alpha = new byte[Width * Height];
        for (var i = 0; i < alpha.Length; i++)
            alpha[i] = Buffer[(i * 4) + 3];
        Alpha = alpha.AsSpan().ContainsAnyExcept((byte)255) ? alpha : null;
    }

    /// <summary>Height x width x 3 bytes.</summary>
    public ReadOnlySpan<byte> Span => Buffer.AsSpan(0, Width * Height * 3);

    public void Dispose()
    {
        if (Buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(Buffer);
        Buffer = [];
    }
}
