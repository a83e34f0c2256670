using VizPipeline.Jobs;

namespace VizPipeline.ActivationStore;

/// <summary>Describes the kept activations of one layer: <c>activations/LAYER/index.json</c>, which is written last.</summary>
/// <param name="Format">The format's name and version, <see cref="CurrentFormat"/>.</param>
/// <param name="Layer">The layer's name.</param>
/// <param name="Neurons">Number of neurons, which are the columns.</param>
/// <param name="Images">Number of images of the image set.</param>
/// <param name="Rows">Number of kept images, which are the rows.</param>
/// <param name="Sample">The index of each row's image, ascending; null if all images are kept and rows are image indices.</param>
/// <param name="Height">Height of the layer's map, 1 for a vector.</param>
/// <param name="Width">Width of the layer's map: position / width is y, position % width is x.</param>
/// <param name="RowsPerBlock">Rows of each block; the last one may have fewer.</param>
/// <param name="Activations">The blocks of activations, float16 [rows, neurons] in Fortran order; NaN for images without one.</param>
/// <param name="Positions">
/// The blocks of positions, uint16 (uint32 for maps of more than 65,536 places) [rows, neurons] in Fortran order; null if they were not
/// kept.
/// </param>
public sealed record ActivationIndex(
    string Format, string Layer, int Neurons, int Images, int Rows, IReadOnlyList<int>? Sample, int Height, int Width, int RowsPerBlock,
    IReadOnlyList<ActivationBlock> Activations, IReadOnlyList<ActivationBlock>? Positions)
{
    /// <summary>The format that this version writes and reads.</summary>
    public const string CurrentFormat = "viz-activations-1";

    private const int MostRowsPerBlock = 4096;
    private const int ValuesPerBlock = 1 << 25;

    /// <summary>Chooses the rows of a block: 4096, fewer for very wide layers, so that a block stays below 64 MiB.</summary>
    public static int ChooseRowsPerBlock(int neurons) => Math.Clamp(ValuesPerBlock / Math.Max(1, neurons), 1, MostRowsPerBlock);

    /// <summary>Whether a position needs four bytes.</summary>
    internal bool HasWidePositions => (long)Height * Width > ushort.MaxValue + 1;

    /// <summary>Returns the image of a row.</summary>
    public int ImageOf(int row) => Sample is null ? row : Sample[row];

    /// <summary>Returns the row of an image, or -1 if the image was not kept.</summary>
    public int RowOf(int image)
    {
        if (Sample is null)
            return image >= 0 && image < Rows ? image : -1;
        var (low, high) = (0, Sample.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = Sample[middle] < image ? (middle + 1, high) : (low, middle);
        }
        return low < Sample.Count && Sample[low] == image ? low : -1;
    }

    /// <summary>Returns the first row of each block and the number of its rows.</summary>
    internal (int First, int Rows) RowsOf(int block) => (block * RowsPerBlock, Math.Min(RowsPerBlock, Rows - (block * RowsPerBlock)));

    /// <summary>Reads an index and checks that its numbers fit together, since everything else is located by them.</summary>
    /// <exception cref="CorruptTableException">It is damaged, or of another version.</exception>
    public static ActivationIndex Read(ReadOnlySpan<byte> json, string name)
    {
        ActivationIndex index;
        try
        {
            index = VizJson.Read<ActivationIndex>(json);
        }
        catch (CorruptTableException damage)
        {
            throw new CorruptTableException($"{name}: {damage.Message}", damage);
        }
        if (index.Format != CurrentFormat)
            throw new CorruptTableException($"{name}: has the format '{index.Format}', and this version reads {CurrentFormat}");
        var blocks = index.RowsPerBlock > 0 ? ((long)index.Rows + index.RowsPerBlock - 1) / index.RowsPerBlock : -1;
        if (index.Neurons < 1 || index.Rows < 0 || index.Images < index.Rows || index.Height < 1 || index.Width < 1
            || index.Activations.Count != blocks || (index.Positions is { } positions && positions.Count != blocks)
            || (long)index.RowsPerBlock * index.Neurons > int.MaxValue / sizeof(uint)
            || (index.Sample is null ? index.Rows != index.Images : !IsAscending(index.Sample, index.Rows, index.Images)))
            throw new CorruptTableException($"{name}: its numbers contradict each other");
        return index;
    }

    private static bool IsAscending(IReadOnlyList<int> sample, int rows, int images)
    {
        if (sample.Count != rows)
            return false;
        for (var i = 0; i < rows; i++)
        {
            if (sample[i] <= (i == 0 ? -1 : sample[i - 1]) || sample[i] >= images)
                return false;
        }
        return true;
    }
}

/// <summary>One block of a layer's activations or positions.</summary>
/// <param name="Key">The object's key within the layer's folder, e.g. <c>activations-000000.npy</c>.</param>
/// <param name="Sha256">SHA-256 of the file, lower-case hex.</param>
public sealed record ActivationBlock(string Key, string Sha256);
