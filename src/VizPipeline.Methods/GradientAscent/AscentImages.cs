using TorchSharp;

namespace VizPipeline.Methods.GradientAscent;

/// <summary>What the images of a batch are made from when an ascent begins. Rows of one neuron's facets stand beside each other.</summary>
/// <param name="Recipe">How to climb.</param>
/// <param name="Pixels">How pixels become the network's input.</param>
/// <param name="Shape">Channels, rows and columns of an image.</param>
/// <param name="Random">One generator per row.</param>
/// <param name="Starts">[C, H, W] per row in 0-255, or null for the mean image.</param>
/// <param name="Spectrum">Magnitudes of natural images, or null.</param>
/// <param name="Device">Where tensors go.</param>
internal sealed record AscentBatch(
    AscentRecipe Recipe, PixelScale Pixels, (int Channels, int Height, int Width) Shape, SplitMix[] Random, float[]?[] Starts, NaturalSpectrum? Spectrum, torch.Device Device)
{
    /// <summary>Side of the layer's receptive field, and of a pixel, as shares of the input's.</summary>
    public (double Field, double Pixel) Shares { get; init; } = (1, 1.0 / 224);

    /// <summary>The step rule at its first step.</summary>
    public Stepper BeginSteps() => Recipe.Rule.Begin(Shares.Field, Shares.Pixel);

    /// <summary>[1, C, 1, 1].</summary>
    public torch.Tensor PerChannel(float[] values) => torch.tensor(values, [1, values.Length, 1, 1]).to(Device);

    /// <summary>Standard deviation of the noise around the start, in grey levels.</summary>
    public double StartNoise => Recipe.Start switch { NoiseStart start => start.Deviation, TopPatchesStart start => start.Deviation, PictureStart start => start.Deviation, _ => 0 };

    /// <summary>The start images [N, C, H, W], mean-subtracted, noise included.</summary>
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

    /// <summary>Normal numbers of standard deviation <paramref name="deviation"/>, [N, ...shape].</summary>
    public torch.Tensor Normals(double deviation, params long[] shape)
    {
        var each = (int)shape.Aggregate(1L, (product, extent) => product * extent);
        var values = new float[Random.Length * each];
        for (var i = 0; i < Random.Length; i++)
            Random[i].FillNormal(values.AsSpan(i * each, each), deviation);
        return torch.tensor(values, [Random.Length, .. shape]).to(Device);
    }
}

/// <summary>The images of a batch and what they are made from. Images do not influence each other.</summary>
internal abstract class AscentImages : IDisposable
{
    /// <summary>The images as they are now: [N, C, H, W], 0-255 units within that range, mean-subtracted.</summary>
    public abstract torch.Tensor Render();

    /// <summary>Takes a step from what <see cref="Render"/> gave last.</summary>
    /// <param name="gradient">[N, C, H, W], of the objective by those pixels.</param>
    /// <param name="step">Number of the step.</param>
    /// <param name="isLast">Whether no step follows.</param>
    public abstract void Climb(torch.Tensor gradient, int step, bool isLast);

    /// <summary>Goes on with these rows of the batch only.</summary>
    /// <param name="rows">int64 indices.</param>
    public abstract void Keep(torch.Tensor rows);

    /// <summary>[N, H, W], how much each pixel mattered so far; null where that is not kept.</summary>
    public virtual torch.Tensor? Weights => null;

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>Pixels, with regularizers after each step.</summary>
internal sealed class PixelImages : AscentImages
{
    private readonly Stepper _stepper;
    private readonly IReadOnlyList<Regularizer> _regularizers;
    private readonly torch.Tensor _mean;
    private torch.Tensor _images;

    public PixelImages(AscentBatch batch)
    {
        (_stepper, _regularizers) = (batch.BeginSteps(), batch.Recipe.Regularizers);
        _mean = batch.PerChannel(batch.Pixels.Mean).DetachFromDisposeScope();
        _images = batch.StartImages().ChannelsLast().DetachFromDisposeScope();
    }

    public override torch.Tensor Render()
    {
        Replace(_images.Plus(_mean).clamp(Scalars.Of(0), Scalars.Of(255)) - _mean);
        return _images.alias();
    }

    public override void Climb(torch.Tensor gradient, int step, bool isLast)
    {
        var next = _images.Plus(_stepper.Step(gradient));
        if (!isLast)
        {
            foreach (var regularizer in _regularizers)
                next = regularizer.Apply(next, gradient, step);
        }
        // An image without a gradient has no rate either (0 / 0); it no longer counts.
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
