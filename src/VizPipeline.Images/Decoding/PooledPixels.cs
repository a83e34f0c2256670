using System.Buffers;

namespace VizPipeline.Images;

/// <summary>Decoded pixels in a borrowed array, large enough for four bytes a pixel; given back on dispose.</summary>
internal sealed class PooledPixels(int width, int height) : IDisposable
{
    public int Width { get; } = width;

    public int Height { get; } = height;

    public byte[] Buffer { get; private set; } = ArrayPool<byte>.Shared.Rent(checked(width * height * 4));

    /// <summary>Height x width bytes of alpha; null where the picture is opaque, or nobody asked.</summary>
    public byte[]? Alpha { get; private set; }

    /// <summary>Sets the four bytes of every pixel to 0.</summary>
    public void Clear() => Buffer.AsSpan(0, Width * Height * 4).Clear();

    /// <summary>Keeps the fourth bytes of all pixels, which are written over when the colours are moved together.</summary>
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
