using TorchSharp;
using VizPipeline.Images;

namespace VizPipeline.Methods.GradientAscent;

/// <summary>
/// The inputs from which the images of a batch are created when an ascent begins. A neuron's facets are in adjacent rows.
/// </summary>
/// <param name="Recipe">The recipe of the ascent.</param>
/// <param name="Pixels">The conversion of pixels to the network's input.</param>
/// <param name="Shape">Channels, rows and columns of an image.</param>
/// <param name="Random">One generator per row.</param>
/// <param name="Starts">[C, H, W] per row in 0-255, or null for the mean image.</param>
/// <param name="Spectrum">Magnitudes of natural images, or null.</param>
/// <param name="Device">The device for tensors.</param>
internal sealed record AscentBatch(
    AscentRecipe Recipe, PixelScale Pixels, (int Channels, int Height, int Width) Shape, SplitMix[] Random, float[]?[] Starts,
        NaturalSpectrum? Spectrum, torch.Device Device)
{
    /// <summary>Side length of the layer's receptive field, and of a pixel, relative to the input's.</summary>
    public (double Field, double Pixel) Shares { get; init; } = (1, 1.0 / 224);

    /// <summary>Creates the step rule's state for the first step.</summary>
    public Stepper BeginSteps() => Recipe.Rule.Begin(Shares.Field, Shares.Pixel);

    /// <summary>Returns values per channel as a tensor [1, C, 1, 1].</summary>
    public torch.Tensor PerChannel(float[] values) => torch.tensor(values, [1, values.Length, 1, 1]).to(Device);

    /// <summary>Standard deviation of the noise around the start, in grey levels.</summary>
    public double StartNoise =>
        Recipe.Start switch
        {
            NoiseStart start =>
        start.Deviation,
            TopPatchesStart start => start.Deviation,
            PictureStart start => start.Deviation,
            _ => 0
        };

    /// <summary>Creates the start images [N, C, H, W], mean-subtracted, including noise.</summary>
    public torch.Tensor StartImages()
    {
        var each = Shape.Channels * Shape.Height * Shape.Width;
        var values = new float[Random.Length * each];
        for (var i = 0; i < Random.Length; i++)
        {
            var image = values.AsSpan(i * each, each);
            Random[i].FillNormal(image, StartNoise);
            if (Starts[i] is not { } start)
                continue;
            for (var k = 0; k < each; k++)
                image[k] += start[k] - Pixels.Mean[k / (Shape.Height * Shape.Width)];
        }
        return torch.tensor(values, [Random.Length, Shape.Channels, Shape.Height, Shape.Width]).to(Device);
    }

    /// <summary>Draws normal numbers with standard deviation <paramref name="deviation"/>, [N, ...shape].</summary>
    public torch.Tensor Normals(double deviation, params long[] shape)
    {
        var each = (int)shape.Aggregate(1L, (product, extent) => product * extent);
        var values = new float[Random.Length * each];
        for (var i = 0; i < Random.Length; i++)
            Random[i].FillNormal(values.AsSpan(i * each, each), deviation);
        return torch.tensor(values, [Random.Length, .. shape]).to(Device);
    }
}

/// <summary>The images of a batch and the parameters that they are computed from. Images do not influence each other.</summary>
internal abstract class AscentImages : IDisposable
{
    /// <summary>Returns the current images: [N, C, H, W], in units of the 0-255 range, mean-subtracted.</summary>
    public abstract torch.Tensor Render();

    /// <summary>Takes a step from the images that <see cref="Render"/> last returned.</summary>
    /// <param name="gradient">[N, C, H, W], gradient of the objective with respect to these pixels.</param>
    /// <param name="step">Number of the step.</param>
    /// <param name="isLast">Whether this is the last step.</param>
    public abstract void Step(torch.Tensor gradient, int step, bool isLast);

    /// <summary>Continues with only these rows of the batch.</summary>
    /// <param name="rows">int64 indices.</param>
    public abstract void Keep(torch.Tensor rows);

    /// <summary>How much each pixel has contributed so far, [N, H, W]; null if it is not recorded.</summary>
    public virtual torch.Tensor? Weights => null;

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>Optimises pixels directly, with regularizers after each step.</summary>
internal sealed class PixelImages : AscentImages
{
    private readonly Stepper _stepper;
    private readonly IReadOnlyList<Regularizer> _regularizers;
    private readonly torch.Tensor _mean;
    private torch.Tensor _images;

    public PixelImages(AscentBatch batch)
    {
        _stepper = batch.BeginSteps();
        _regularizers = [.. batch.Recipe.Regularizers.Select(each => each.ForField(batch.Shares.Field / batch.Shares.Pixel))];
        _mean = batch.PerChannel(batch.Pixels.Mean).DetachFromDisposeScope();
        _images = batch.StartImages().ChannelsLast().DetachFromDisposeScope();
    }

    public override torch.Tensor Render()
    {
        Replace(_images.Plus(_mean).Clamp(0, 255) - _mean);
        return _images.alias();
    }

    public override void Step(torch.Tensor gradient, int step, bool isLast)
    {
        var next = _images.Plus(_stepper.Step(gradient));
        if (!isLast)
        {
            foreach (var regularizer in _regularizers)
                next = regularizer.Apply(next, gradient, step);
        }
        // An image without a gradient has no rate (0 / 0); it no longer matters.
        Replace(next.nan_to_num());
    }

    public override void Keep(torch.Tensor rows)
    {
        Replace(_images.index_select(0, rows).ChannelsLast());
        _stepper.Keep(rows);
    }

    public override void Dispose()
    {
        _images.Dispose();
        _mean.Dispose();
        _stepper.Dispose();
    }

    private void Replace(torch.Tensor next)
    {
        _images.Dispose();
        _images = next.DetachFromDisposeScope();
    }
}
