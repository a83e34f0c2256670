using System.Globalization;

namespace VizPipeline.Network.Zoo;

/// <summary>Official ImageNet weights of an architecture, as torchvision lists them, with the preprocessing of their evaluation.</summary>
/// <param name="Version">torchvision's name, for example <c>IMAGENET1K_V2</c>.</param>
/// <param name="File">Name of the file; it ends with the first 8 or more hex digits of its SHA-256, before the extension.</param>
/// <param name="Crop">Height and width of the centre crop, in pixels.</param>
/// <param name="ShorterSide">Shorter side of the image before the crop, in pixels.</param>
/// <param name="Bicubic">Whether torchvision resizes with a bicubic kernel instead of a bilinear one.</param>
/// <param name="HalfMean">Whether mean and standard deviation are 0.5 instead of ImageNet's.</param>
public sealed record ZooWeights(
    string Version, string File, int Crop = 224, int ShorterSide = 256, bool Bicubic = false, bool HalfMean = false)
{
    /// <summary>Address of the folder with all official files.</summary>
    public const string OfficialAddress = "https://download.pytorch.org/models/";

    /// <summary>The first hex digits of the file's SHA-256, in lower case; torch.hub checks downloads in the same way.</summary>
    public string HashStart => File[(File.LastIndexOf('-') + 1)..File.LastIndexOf('.')];

    /// <summary>Mean per channel of the scaled pixels, RGB.</summary>
    public IReadOnlyList<float> Mean => HalfMean ? [0.5f, 0.5f, 0.5f] : [0.485f, 0.456f, 0.406f];

    /// <summary>Standard deviation per channel of the scaled pixels, RGB.</summary>
    public IReadOnlyList<float> Std => HalfMean ? [0.5f, 0.5f, 0.5f] : [0.229f, 0.224f, 0.225f];

    /// <summary>Returns the proportional shorter side for an input of another size.</summary>
    public int ShorterSideFor(int side) =>
        side == Crop ? ShorterSide : (int)Math.Round((double)side * ShorterSide / Crop, MidpointRounding.ToEven);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Version}: {File}");
}
