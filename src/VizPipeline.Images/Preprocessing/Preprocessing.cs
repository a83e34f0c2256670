using System.Globalization;
using System.Text;

namespace VizPipeline.Images;

/// <summary>
/// Converts an image to a network's input: resize the shorter side (Pillow's bilinear), crop the centre, then <c>(pixel * Scale - Mean) /
/// Std</c> in planes of float32. Two records are equal if they treat every image equally.
/// </summary>
public sealed partial record Preprocessing
{
    /// <summary>The preset of networks that take bytes and prepare them themselves.</summary>
    public const string BytesPreset = "bytes";

    /// <summary>The shorter side after resizing, in pixels; null to keep the size.</summary>
    public int? ShorterSide { get; init; }

    /// <summary>Height of the network's input in pixels.</summary>
    public required int CropHeight { get; init; }

    /// <summary>Width of the network's input in pixels.</summary>
    public required int CropWidth { get; init; }

    /// <summary>Subtracted per channel after scaling; one value per plane, in the order of the network's channels.</summary>
    /// <value>Zero.</value>
    public IReadOnlyList<float> Mean { get => field ?? Repeated(0); init; }

    /// <summary>Divisor of each channel, applied last; a positive value per plane, in the order of the network's channels.</summary>
    /// <value>One.</value>
    public IReadOnlyList<float> Std { get => field ?? Repeated(1); init; }

    /// <summary>Factor that is applied first to the 0..255 pixel.</summary>
    /// <value>1/255, so that mean and std are in units of 0..1. Caffe's networks use 1.</value>
    public double Scale { get; init; } = 1.0 / 255;

    /// <summary>The network's input planes and their order. Colour crops are always RGB; only <see cref="ToInput"/> reorders.</summary>
    /// <value>RGB.</value>
    public ChannelOrder Channels { get; init; } = ChannelOrder.Rgb;

    /// <summary>
    /// Size of one crop in bytes: height x width x 3 for interleaved RGB; height x width for grey; for RGBA the RGB bytes followed by
    /// height x width bytes of alpha.
    /// </summary>
    public int CropBytes => CropHeight * CropWidth * Channels.Planes();

    /// <summary>
    /// Identifies this preprocessing: the hash of its canonical JSON, 32 hex digits, the same in every process and version.
    /// </summary>
    public string Hash => Hashing.Hex(Encoding.UTF8.GetBytes(ToJson()));

    /// <summary>Creates the preprocessing of torchvision's pretrained ImageNet networks for an input of the given size.</summary>
    /// <remarks>
    /// The shorter side is 256 for an input of 224 and proportional for other sizes; below 64 the image is resized to the input's size.
    /// </remarks>
    public static Preprocessing ImageNet(int height, int width) =>
        Unit(height, width) with { Mean = [0.485f, 0.456f, 0.406f], Std = [0.229f, 0.224f, 0.225f] };

    /// <summary>Creates a preprocessing that only divides pixels by 255; sizes as in <see cref="ImageNet"/>.</summary>
    public static Preprocessing Unit(int height, int width, ChannelOrder channels = ChannelOrder.Rgb) =>
        new() { ShorterSide = ShorterSideFor(Math.Max(height, width)), CropHeight = height, CropWidth = width, Channels = channels };

    /// <summary>Creates a preprocessing that feeds pixels of 0 to 255 as they are; sizes as in <see cref="ImageNet"/>.</summary>
    public static Preprocessing Bytes(int height, int width, ChannelOrder channels = ChannelOrder.Rgb)
        => Unit(height, width, channels) with { Scale = 1 };

    /// <summary>Whether pixels are fed as they are.</summary>
    public bool IsBytes => Scale == 1 && Mean.All(mean => mean == 0) && Std.All(std => std == 1);

    /// <summary>
    /// The scale and shift per plane that <see cref="ToInput"/> applies to a 0..255 pixel, for callers that apply them elsewhere: <c>input
    /// = pixel * factor + summand</c>. Agrees with <see cref="ToInput"/> up to float32 rounding.
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
    /// Returns one line, for example "shorter side 256, centre 224x224, RGB, mean 0.485 0.456 0.406, std 0.229 0.224 0.225".
    /// </summary>
    public override string ToString() =>
        (ShorterSide is { } side ? $"shorter side {side}, " : "")
        + $"centre {CropWidth}x{CropHeight}, {Channels.Name()}"
        + $", mean {string.Join(' ', Mean)}, std {string.Join(' ', Std)}, scale {Scale.ToString("0.######", CultureInfo.InvariantCulture)}";
}
