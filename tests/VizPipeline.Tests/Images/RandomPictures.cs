using VizPipeline.Images;

namespace VizPipeline.Tests.Images;

/// <summary>A folder of random pictures that differ from each other.</summary>
public sealed class RandomPictures : IDisposable
{
    public RandomPictures(int count, int side = 12)
    {
        for (var i = 0; i < count; i++)
        {
            var image = new RgbImage(side + i % 3, side);
            new Random(i).NextBytes(image.Pixels);
            Pictures.Add(image);
            Folder.Write(Name(i), Png.Encode(image));
        }
        Manifest = Relist();
    }

    public static Preprocessing Small { get; } = Preprocessing.Unit(8, 8);

    public TemporaryFolder Folder { get; } = new();

    public List<RgbImage> Pictures { get; } = [];

    public ImageManifest Manifest { get; }

    public static string Name(int index) => $"{index:D4}.png";

    public ImageManifest Relist() => ImageManifest.Build(Folder.Path, cancellationToken: TestContext.Current.CancellationToken);

    public CropSource Source(CropCache? cache = null, bool relist = false) =>
        new(relist ? Relist() : Manifest, Folder.Path, Small, cache);

    public void Dispose() => Folder.Dispose();
}
