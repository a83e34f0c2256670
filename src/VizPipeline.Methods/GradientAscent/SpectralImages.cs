using TorchSharp;

namespace VizPipeline.Methods.GradientAscent;

/// <summary>Images computed from parameters by differentiable operations, whose gradient torch computes.</summary>
internal abstract class SpectralImages : AscentImages
{
    private readonly Stepper _stepper;
    private readonly torch.Tensor _mean;
    private torch.Tensor _parameters;
    private torch.Tensor? _rendered;

    protected SpectralImages(AscentBatch batch, torch.Tensor parameters, torch.Tensor colours)
    {
        _stepper = batch.BeginSteps();
        _mean = batch.PerChannel(batch.Pixels.Mean).DetachFromDisposeScope();
        _parameters = parameters.DetachFromDisposeScope();
        Colours = colours.DetachFromDisposeScope();
        Shape = batch.Shape;
    }

    protected (int Channels, int Height, int Width) Shape { get; }

    /// <summary>The colour matrix [C, C]; see <see cref="ColourSpace"/>.</summary>
    protected torch.Tensor Colours { get; }

    /// <summary>Computes the images as shares of white, [N, C, H, W], from parameters that require a gradient.</summary>
    protected abstract torch.Tensor Make(torch.Tensor parameters);

    /// <summary>Receives each step's gradient [N, C, H, W] with respect to the pixels.</summary>
    protected virtual void Weigh(torch.Tensor gradient)
    {
    }

    public override torch.Tensor Render()
    {
        _rendered?.Dispose();
        using var graph = torch.enable_grad();
        using var scope = torch.NewDisposeScope();
        _parameters.requires_grad_(true);
        _rendered = (Make(_parameters).Times(255) - _mean).DetachFromDisposeScope();
        return _rendered.detach().MoveToOuterDisposeScope();
    }

    public override void Step(torch.Tensor gradient, int step, bool isLast)
    {
        Weigh(gradient);
        using var scope = torch.NewDisposeScope();
        var slope = torch.autograd.grad([_rendered!], [_parameters], [gradient.contiguous()])[0];
        var next = (_parameters.detach().Plus(_stepper.Step(slope.detach()))).nan_to_num().DetachFromDisposeScope();
        _rendered!.Dispose();
        _rendered = null;
        _parameters.Dispose();
        _parameters = next;
    }

    public override void Keep(torch.Tensor rows)
    {
        _rendered?.Dispose();
        _rendered = null;
        var kept = _parameters.detach().index_select(0, rows).DetachFromDisposeScope();
        _parameters.Dispose();
        _parameters = kept;
        _stepper.Keep(rows);
    }

    public override void Dispose()
    {
        _rendered?.Dispose();
        _parameters.Dispose();
        _mean.Dispose();
        Colours.Dispose();
        _stepper.Dispose();
    }

    /// <summary>Returns the real images [N, C, H, W] of half spectra [N, C, H, W / 2 + 1, 2].</summary>
    protected torch.Tensor FromSpectrum(torch.Tensor spectrum) =>
        torch.fft.irfft2(spectrum.view_as_complex(), [Shape.Height, Shape.Width]);
}

/// <summary>
/// See <see cref="FourierParametrization"/>: sigmoid(colour(irfft2(spectrum * scale) / 4)) (docs/methods.md, section 3; Lucid's
/// <c>fft_image</c>).
/// </summary>
internal sealed class FourierImages : SpectralImages
{
    private readonly torch.Tensor _scale;

    public FourierImages(FourierParametrization parametrization, AscentBatch batch)
        : base(batch, Start(parametrization, batch), Space(parametrization, batch)) => _scale = Scale(batch).DetachFromDisposeScope();

    protected override torch.Tensor Make(torch.Tensor parameters) =>
        ColourSpace.Apply(FromSpectrum(parameters * _scale).DividedBy(4), Colours).sigmoid();

    public override void Dispose()
    {
        _scale.Dispose();
        base.Dispose();
    }

    private static torch.Tensor Space(FourierParametrization parametrization, AscentBatch batch) =>
        ColourSpace.Matrix(batch.Pixels, parametrization.Decorrelated).to(batch.Device);

    // sqrt(w * h) / max(f, 1 / max(w, h)), the inverse of natural images' decay with the frequency f.
    private static torch.Tensor Scale(AscentBatch batch)
    {
        var (_, height, width) = batch.Shape;
        var frequencies = NaturalSpectrum.Frequencies(height, width).ClampMin(1.0 / Math.Max(width, height));
        return Math.Sqrt(width * height).DividedBy(frequencies).to(batch.Device).unsqueeze(-1);
    }

    private static torch.Tensor Start(FourierParametrization parametrization, AscentBatch batch)
    {
        var (channels, height, width) = batch.Shape;
        var noise = batch.Normals(parametrization.Deviation, channels, height, (width / 2) + 1, 2);
        if (batch.Recipe.Start is NoiseStart)
            return noise;
        // Inverts sigmoid, colours and transform; the ends of the range have no finite logit.
        var shares = batch.StartImages().Plus(batch.PerChannel(batch.Pixels.Mean)).DividedBy(255).Clamp(0.02, 0.98);
        var decorrelated = ColourSpace.Apply((shares / (1.0.Minus(shares))).log(), Space(parametrization, batch).inverse());
        return (torch.fft.rfft2(decorrelated.Times(4)).view_as_real() / Scale(batch)).Plus(noise);
    }
}

/// <summary>
/// See <see cref="MacoParametrization"/>: sigmoid(colour(standardise(irfft2(r cos phi, r sin phi)))) (docs/methods.md, section 3).
/// </summary>
internal sealed class MacoImages : SpectralImages
{
    private readonly torch.Tensor _magnitudes;
    private readonly bool _isTransparent;
    private torch.Tensor? _weights;

    public MacoImages(MacoParametrization parametrization, AscentBatch batch)
        : base(batch, Start(batch), ColourSpace.Matrix(batch.Pixels, true).to(batch.Device))
    {
        _isTransparent = parametrization.Transparency;
        var (channels, height, width) = batch.Shape;
        _magnitudes = (batch.Spectrum ?? NaturalSpectrum.Inverse(channels)).Magnitudes(height, width).to(batch.Device)
            .DetachFromDisposeScope();
    }

    public override torch.Tensor? Weights => _isTransparent ? _weights : null;

    protected override torch.Tensor Make(torch.Tensor parameters)
    {
        var phases = Standardise(parameters);
        var images = FromSpectrum(torch.stack([phases.cos() * _magnitudes, phases.sin() * _magnitudes], -1));
        return ColourSpace.Apply(Standardise(images), Colours).sigmoid();
    }

    protected override void Weigh(torch.Tensor gradient)
    {
        var now = gradient.abs().mean([1]);
        var next = (_weights is null ? now : _weights.Plus(now)).DetachFromDisposeScope();
        _weights?.Dispose();
        _weights = next;
    }

    public override void Keep(torch.Tensor rows)
    {
        base.Keep(rows);
        var kept = _weights?.index_select(0, rows).DetachFromDisposeScope();
        _weights?.Dispose();
        _weights = kept;
    }

    public override void Dispose()
    {
        _magnitudes.Dispose();
        _weights?.Dispose();
        base.Dispose();
    }

    private static torch.Tensor Start(AscentBatch batch)
    {
        var (channels, height, width) = batch.Shape;
        if (batch.Recipe.Start is NoiseStart)
            return batch.Normals(1, channels, height, (width / 2) + 1);
        var decorrelated = ColourSpace.Apply(
            batch.StartImages().DividedBy(255), ColourSpace.Matrix(batch.Pixels, true).to(batch.Device).inverse());
        return torch.fft.rfft2(decorrelated).angle();
    }

    private static torch.Tensor Standardise(torch.Tensor values)
    {
        var each = values.flatten(1);
        var centred = each - each.mean([1], keepdim: true);
        // The square root has no derivative at zero, as on a crop of one pixel.
        return (centred / centred.square().mean([1], keepdim: true).Plus(1e-10).sqrt().Plus(1e-5)).reshape(values.shape);
    }
}
