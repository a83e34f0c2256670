using VizPipeline.Images;

namespace VizPipeline.Sample.Pictures;

/// <summary>A picture that <see cref="PictureGenerator"/> drew.</summary>
/// <param name="Image">The picture.</param>
/// <param name="Class">Index into <see cref="PictureGenerator.Classes"/>.</param>
public sealed record GeneratedPicture(RgbImage Image, int Class);
