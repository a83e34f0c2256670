using System.Globalization;
using System.Text;

namespace VizPipeline.Images;

/// <summary>
/// How a picture becomes a network's input: resize the shorter side (Pillow's bilinear), cut out the centre, then
/// <c>(pixel * Scale - Mean) / Std</c> in planes of float32. Two records are equal when they treat every picture alike.
/// </summary>
public sealed partial record Preprocessing
{
    /// <summary>The shorter side after resizing, in pixels; null to leave the size as it is.</summary>
    public int? ShorterSide { get; init; }

    /// <summary>Height of the network's input in pixels.</summary>
    public required int CropHeight { get; init; }

    /// <summary>Width of the network's input in pixels.</summary>
    public required int CropWidth { get; init; }

    /// <summary>Subtracted per channel after scaling; a value per plane, in the order of the network's channels.</summary>
    /// <value>Zero.</value>
    public IReadOnlyList<float> Mean { get => field ?? Repeated(0); init; }

    /// <summary>Divides each channel at the end; a positive value per plane, in the order of the network's channels.</summary>
    /// <value>One.</value>
    public IReadOnlyList<float> Std { get => field ?? Repeated(1); init; }

    /// <summary>Multiplies the 0..255 pixel first.</summary>
    /// <value>1/255, so that mean and std are in units of 0..1. Networks of Caffe have 1.</value>
    public double Scale { get; init; } = 1.0 / 255;

    /// <summary>The network's input planes and their order. Crops of colour are always RGB; only <see cref="ToInput"/> reorders.</summary>
    /// <value>RGB.</value>
    public ChannelOrder Channels { get; init; } = ChannelOrder.Rgb;

    /// <summary>
    /// Bytes of one crop: height x width x 3 of RGB, interleaved; height x width for grey; for RGBA those of RGB, and behind them height x
    /// width of alpha.
    /// </summary>
    public int CropBytes => CropHeight * CropWidth * Channels.Planes();

    /// <summary>Name of this preprocessing: the hash of its canonical JSON, 32 hex digits, the same in every process and version.</summary>
    public string Hash => Hashing.Hex(Encoding.UTF8.GetBytes(ToJson()));

    /// <summary>What torchvision's pretrained ImageNet networks expect, for an input of the given size.</summary>
    /// <remarks>
    /// 224 pixels are cut from a shorter side of 256; other sizes in proportion; below 64 the picture is not resized past the input.
    /// </remarks>
    public static Preprocessing ImageNet(int height, int width) =>
        Unit(height, width) with { Mean = [0.485f, 0.456f, 0.406f], Std = [0.229f, 0.224f, 0.225f] };

    /// <summary>Pixels divided by 255 and nothing else; sizes as in <see cref="ImageNet"/>.</summary>
    public static Preprocessing Unit(int height, int width, ChannelOrder channels = ChannelOrder.Rgb) =>
        new() { ShorterSide = ShorterSideFor(Math.Max(height, width)), CropHeight = height, CropWidth = width, Channels = channels };

    /// <summary>
    /// Per plane, the factor and summand that <see cref="ToInput"/> applies to a 0..255 pixel, for those who do it elsewhere:
    /// <c>input = pixel * factor + summand</c>. Agrees with <see cref="ToInput"/> to float32 rounding.
    /// </summary>
    public IReadOnlyList<(float Factor, float Summand)> Affine =>
        [.. Mean.Zip(Std, (mean, std) => ((float)(Scale / std), (float)(-(double)mean / std)))];

    /// <inheritdoc/>
    public bool Equals(Preprocessing? other) => other is not null && ToJson() == other.ToJson();

    /// <inheritdoc/>
    public override int GetHashCode() => ToJson().GetHashCode(StringComparison.Ordinal);

    private float[] Repeated(float value) => [.. Enumerable.Repeat(value, Channels.Planes())];

    private static int ShorterSideFor(int side) =>
        side < 64 ? side : (int)Math.Round(side * 256.0 / 224, MidpointRounding.ToEven);

    /// <summary>
    /// One line for people, for example "shorter side 256, centre 224x224, RGB, mean 0.485 0.456 0.406, std 0.229 0.224 0.225".
    /// </summary>
    public override string ToString() =>
        (ShorterSide is { } side ? $"shorter side {side}, " : "")
        + $"centre {CropWidth}x{CropHeight}, {Channels.Name()}"
        + $", mean {string.Join(' ', Mean)}, std {string.Join(' ', Std)}, scale {Scale.ToString("0.######", CultureInfo.InvariantCulture)}";
}
