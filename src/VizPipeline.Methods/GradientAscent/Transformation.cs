using System.Text.Json.Serialization;
using VizPipeline.Images;

namespace VizPipeline.Methods.GradientAscent;

/// <summary>
/// A random transformation of the image before the network sees it, so that the result does not depend on single pixels (Olah et al. 2017,
/// "Transformation robustness"). Lengths are in pixels of an input of 224 and scale with the optimised crop's side.
/// </summary>
/// <remarks>
/// The geometric transformations are composed, in order, into one rotation about the centre and one resampling of rows and columns
/// (<see cref="Views"/>), so that an image is interpolated at most twice, however many there are.
/// </remarks>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Pad), "pad")]
[JsonDerivedType(typeof(Jitter), "jitter")]
[JsonDerivedType(typeof(Scale), "scale")]
[JsonDerivedType(typeof(Rotate), "rotate")]
[JsonDerivedType(typeof(Crop), "crop")]
[JsonDerivedType(typeof(Noise), "noise")]
public abstract record Transformation : IRecipePart
{
    /// <summary>Side of the input for which lengths in pixels are given.</summary>
    internal const double UsualSide = 224;

    /// <inheritdoc/>
    public abstract IEnumerable<string> Faults();

    /// <summary>Draws this transformation for one view.</summary>
    internal virtual void Draw(ref ViewFrame frame, ref SplitMix random)
    {
    }

    private protected static IEnumerable<string> Within(double value, double low, double high, string name)
    {
        if (!(value >= low && value <= high))
            yield return $"{name} must be {low} to {high}, not {value}";
    }
}

/// <summary>A mid-grey border, <paramref name="Pixels"/> wide.</summary>
public sealed record Pad(double Pixels) : Transformation
{
    /// <inheritdoc/>
    public override IEnumerable<string> Faults() => Within(Pixels, 0, 224, "pad's pixels");

    // The border is where the resampling reads outside the image; growing the frame only moves its start.
    internal override void Draw(ref ViewFrame frame, ref SplitMix random) => frame.Grow(Pixels);
}

/// <summary>
/// Moves the image by up to half of <paramref name="Pixels"/> in each direction, like a random crop of a larger one. Only by whole pixels:
/// interpolation would blur the finest waves.
/// </summary>
public sealed record Jitter(double Pixels) : Transformation
{
    /// <inheritdoc/>
    public override IEnumerable<string> Faults() => Within(Pixels, 0, 224, "jitter's pixels");

    internal override void Draw(ref ViewFrame frame, ref SplitMix random) =>
        frame.Move(Pixels, random.Uniform(), random.Uniform());
}

/// <summary>Scales the image by a factor from <paramref name="Smallest"/> to <paramref name="Largest"/>.</summary>
public sealed record Scale(double Smallest, double Largest) : Transformation
{
    /// <inheritdoc/>
    public override IEnumerable<string> Faults() =>
        [.. Within(Smallest, 0.1, 10, "scale's smallest"), .. Within(Largest, Smallest, 10, "scale's largest")];

    internal override void Draw(ref ViewFrame frame, ref SplitMix random) => frame.Enlarge(random.Uniform(Smallest, Largest));
}

/// <summary>
/// Rotates by up to <paramref name="Degrees"/> in either direction, but not in a share <paramref name="Unturned"/> of the steps.
/// </summary>
public sealed record Rotate(double Degrees, double Unturned = 0) : Transformation
{
    /// <inheritdoc/>
    public override IEnumerable<string> Faults() =>
        [.. Within(Degrees, 0, 45, "rotate's degrees"), .. Within(Unturned, 0, 1, "rotate's unturned")];

    internal override void Draw(ref ViewFrame frame, ref SplitMix random)
    {
        var (angle, share) = (random.Uniform(-Degrees, Degrees), random.Uniform());
        if (share >= Unturned)
            frame.Degrees += angle;
    }
}

/// <summary>Takes several random crops at once, each enlarged to the whole input (Fel et al. 2023); the objective is their mean.</summary>
/// <param name="Smallest">Smallest side of a crop relative to the image's.</param>
/// <param name="Largest">Largest side of a crop relative to the image's.</param>
/// <param name="Spread">Standard deviation of the crops' centres around the image's centre, relative to its side.</param>
/// <param name="Views">Number of crops per step, 1 to 64.</param>
public sealed record Crop(double Smallest, double Largest, double Spread, int Views) : Transformation
{
    /// <inheritdoc/>
    public override IEnumerable<string> Faults()
    {
        string[] faults =
        [
            .. Within(Smallest, 0.01, 1, "crop's smallest"), .. Within(Largest, Smallest, 1, "crop's largest"),
                .. Within(Spread, 0, 1, "crop's spread"),
            .. Within(Views, 1, 64, "crop's views"),
        ];
        return faults;
    }

    internal override void Draw(ref ViewFrame frame, ref SplitMix random)
    {
        var side = random.Uniform(Smallest, Largest);
        var (y, x) = random.Normals();
        double Corner(double offset) => Math.Clamp(0.5 + (Spread * offset) - (side / 2), 0, 1 - side);
        frame.CropTo(side, Corner(y), Corner(x));
    }
}

/// <summary>Adds normal noise of <paramref name="Deviation"/> grey levels, the same for all images of a step.</summary>
public sealed record Noise(double Deviation) : Transformation
{
    /// <inheritdoc/>
    public override IEnumerable<string> Faults() => Within(Deviation, 0, 255, "noise's deviation");
}
