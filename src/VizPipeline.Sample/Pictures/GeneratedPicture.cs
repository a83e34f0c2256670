namespace VizPipeline.Sample.Pictures;

/// <summary>A picture that <see cref="PictureGenerator"/> drew: 8-bit RGB, row by row, three bytes a pixel.</summary>
/// <param name="Pixels">Width x Height x 3 bytes.</param>
/// <param name="Width">Pixels across.</param>
/// <param name="Height">Pixels down.</param>
/// <param name="Class">Index into <see cref="PictureGenerator.Classes"/>.</param>
public sealed record GeneratedPicture(byte[] Pixels, int Width, int Height, int Class);
