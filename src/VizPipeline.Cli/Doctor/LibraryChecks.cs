using Microsoft.Data.Sqlite;
using TorchSharp;
using VizPipeline.Catalog;
using VizPipeline.Images;
using VizPipeline.Network.Torch;

namespace VizPipeline.Cli.Doctor;

/// <summary>The native libraries, each by a small piece of real work.</summary>
internal static class LibraryChecks
{
    public static IEnumerable<DoctorLine> Run()
    {
        var torch = DoctorLine.Of("libtorch", Torch);
        yield return torch;
        // Without the library every further call would only repeat its error.
        if (torch.Health != Health.Fail)
        {
            yield return DoctorLine.Of("convolution", Convolution);
            yield return DoctorLine.Of("device", Device);
        }
        yield return DoctorLine.Of("pictures", Pictures);
        yield return DoctorLine.Of("text", Text);
        yield return DoctorLine.Of("SQLite", Sqlite);
    }

    private static (Health, string) Torch()
    {
        TorchRuntime.Start();
        var threads = $"{torch.get_num_threads()} threads";
        return (Health.Ok, TorchRuntime.UsedPatchedLibrary
            ? $"started, {threads}; through a patched copy of its .NET binding, as this libstdc++ is older than GCC 13's (nothing to do)"
            : $"started, {threads}");
    }

    private static (Health, string) Convolution()
    {
        using var scope = torch.NewDisposeScope();
        var image = torch.tensor(new float[] { 1, 2, 3, 4, 5, 6, 7, 8, 9 }, [1, 1, 3, 3]);
        var kernel = torch.tensor(new float[] { 1, 2, 3, 4 }, [1, 1, 2, 2]);
        var found = torch.nn.functional.conv2d(image, kernel).data<float>().ToArray();
        // The first by hand: 1*1 + 2*2 + 4*3 + 5*4 = 37.
        float[] expected = [37, 47, 67, 77];
        return found.SequenceEqual(expected)
            ? (Health.Ok, "2x2 over 3x3 gives 37, 47, 67, 77, as by hand")
            : (Health.Fail, $"2x2 over 3x3 gives {string.Join(", ", found)} instead of 37, 47, 67, 77: this processor or libtorch is broken; try another machine");
    }

    private static (Health, string) Device() => torch.cuda.is_available()
        ? (Health.Ok, $"cuda, {torch.cuda.device_count()} devices; --device auto takes the first")
        : (Health.Ok, "cpu; no CUDA device, or this build carries the CPU libtorch");

    private static (Health, string) Pictures()
    {
        var picture = new RgbImage(3, 2, [.. Enumerable.Range(0, 18).Select(i => (byte)(i * 13))]);
        return Png.Decode(Png.Encode(picture)).Pixels.AsSpan().SequenceEqual(picture.Pixels)
            ? (Health.Ok, "a PNG comes back as it was written")
            : (Health.Fail, "a PNG comes back with other pixels: the libSkiaSharp beside viz is not the one of this version; install viz again");
    }

    private static (Health, string) Text()
    {
        using var canvas = new Canvas(64, 24, Rgb.Grey(255));
        canvas.Text("viz", 4, 2, 56, new TextStyle(14, Rgb.Grey(0)));
        return canvas.ToImage().Pixels.Any(level => level < 128)
            ? (Health.Ok, "drawn with the font that viz carries")
            : (Health.Fail, "nothing is drawn: the libSkiaSharp beside viz is not the one of this version; install viz again");
    }

    private static (Health, string) Sqlite()
    {
        var folder = Directory.CreateTempSubdirectory("viz-doctor-");
        try
        {
            new SqliteCatalogDatabase(Path.Combine(folder.FullName, "catalog.db")).MigrateAsync().GetAwaiter().GetResult();
            using var connection = new SqliteConnection("Data Source=:memory:");
            connection.Open();
            return (Health.Ok, $"{connection.ServerVersion}; a catalog was made in {Path.GetDirectoryName(folder.FullName)}");
        }
        finally
        {
            SqliteConnection.ClearAllPools();
            folder.Delete(recursive: true);
        }
    }
}
