namespace VizPipeline.Network.Graph;

/// <summary>The shape of one image's value at a node, without the batch: a feature map (C, H, W) or a vector of C units.</summary>
/// <param name="Channels">Channels of a map, or units of a vector; at least 1.</param>
/// <param name="Height">Rows; 1 for a vector.</param>
/// <param name="Width">Columns; 1 for a vector.</param>
/// <param name="IsVector">True for a value without spatial extent, [N, C] in a batch instead of [N, C, H, W].</param>
public readonly record struct Shape(int Channels, int Height, int Width, bool IsVector = false)
{
    /// <summary>Creates the shape of a vector of <paramref name="units"/> units.</summary>
    public static Shape Vector(int units) => new(units, 1, 1, true);

    /// <summary>Number of values of one image.</summary>
    public long Count => (long)Channels * Height * Width;

    /// <summary>Returns the tensor shape of a batch of <paramref name="images"/> images: [N, C] or [N, C, H, W].</summary>
    public long[] Batch(long images) => IsVector ? [images, Channels] : [images, Channels, Height, Width];

    /// <inheritdoc/>
    public override string ToString() => IsVector ? $"{Channels}" : $"{Channels}x{Height}x{Width}";
}
