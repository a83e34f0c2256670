using VizPipeline.Sample.Pictures;
using static TorchSharp.torch;

namespace VizPipeline.Sample.Training;

/// <summary>Batches of new pictures, drawn ahead of the training by the thread pool, in a fixed order.</summary>
internal sealed class PictureFeed(long seed, int batchSize, int ahead = 6)
{
    private readonly Queue<Task<(byte[] Pixels, long[] Classes)>> _drawing = new();
    private long _next;

    /// <summary>Returns images as the network reads them, [batch, 3, side, side], and their class indices.</summary>
    public (Tensor Images, Tensor Classes) Next(CancellationToken cancellation = default)
    {
        while (_drawing.Count < ahead)
        {
            var first = _next;
            _next += batchSize;
            _drawing.Enqueue(Task.Run(() => Draw(first), cancellation));
        }
        var (pixels, classes) = _drawing.Dequeue().GetAwaiter().GetResult();
        return (ToImages(pixels, batchSize), tensor(classes));
    }

    // The pixels are channels-last, which is fastest for convolutions: the permutation is only a view.
    public static Tensor ToImages(byte[] pixels, int count)
        => tensor(pixels, [count, PictureGenerator.Side, PictureGenerator.Side, 3], dtype: uint8)
            .to(float32).sub(255 * SampleArchitecture.Mean).div(255 * SampleArchitecture.Deviation).permute(0, 3, 1, 2);

    private (byte[] Pixels, long[] Classes) Draw(long first)
    {
        const int PictureBytes = PictureGenerator.Side * PictureGenerator.Side * 3;
        var pixels = new byte[batchSize * PictureBytes];
        var classes = new long[batchSize];
        for (var index = 0; index < batchSize; index++)
        {
            var picture = PictureGenerator.Draw(seed, first + index);
            picture.Image.Pixels.CopyTo(pixels, index * PictureBytes);
            classes[index] = picture.Class;
        }
        return (pixels, classes);
    }
}
