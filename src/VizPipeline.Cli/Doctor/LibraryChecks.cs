using Microsoft.Data.Sqlite;
using TorchSharp;
using VizPipeline.Catalog;
using VizPipeline.Images;
using VizPipeline.Network.Torch;

namespace VizPipeline.Cli.Doctor;

/// <summary>Checks the native libraries, each with a small piece of real work.</summary>
internal static class LibraryChecks
{
    public static IEnumerable<CheckResult> Run()
    {
        var torch = CheckResult.Run("libtorch", Torch);
        yield return torch;
        // Without the library, further calls would only repeat the error.
        if (torch.Health != Health.Fail)
        {
            yield return CheckResult.Run("convolution", Convolution);
            yield return CheckResult.Run("device", Device);
        }
        yield return CheckResult.Run("pictures", Pictures);
        yield return CheckResult.Run("text", Text);
        yield return CheckResult.Run("SQLite", Sqlite);
    }

    private static (Health, string) Torch()
    {
        TorchRuntime.Start();
        var threads = $"{torch.get_num_threads()} threads";
        return (Health.Ok, TorchRuntime.UsedPatchedLibrary
            ? $"started, {threads}; with a patched copy of its .NET binding, because libstdc++ is older than that of GCC 13 (nothing to do)"
            : $"started, {threads}");
    }

    private static (Health, string) Convolution()
    {
        using var scope = torch.NewDisposeScope();
        var image = torch.tensor(new float[] { 1, 2, 3, 4, 5, 6, 7, 8, 9 }, [1, 1, 3, 3]);
        var kernel = torch.tensor(new float[] { 1, 2, 3, 4 }, [1, 1, 2, 2]);
        var found = torch.nn.functional.conv2d(image, kernel).data<float>().ToArray();
        // The first value: 1*1 + 2*2 + 4*3 + 5*4 = 37.
        float[] expected = [37, 47, 67, 77];
        return found.SequenceEqual(expected)
            ? (Health.Ok, "2x2 over 3x3 gives 37, 47, 67, 77, as expected")
            : (Health.Fail,
            $"2x2 over 3x3 gives {string.Join(", ", found)} instead of 37, 47, 67, 77: this processor or libtorch is broken; try "
            + "another machine");
    }

    private static (Health, string) Device() => torch.cuda.is_available()
        ? (Health.Ok, $"cuda, {torch.cuda.device_count()} devices; --device auto takes the first")
        : (Health.Ok, "cpu; no CUDA device, or this build contains the CPU version of libtorch");

    private static (Health, string) Pictures()
    {
        var picture = new RgbImage(3, 2, [.. Enumerable.Range(0, 18).Select(i => (byte)(i * 13))]);
        return Png.Decode(Png.Encode(picture)).Pixels.AsSpan().SequenceEqual(picture.Pixels)
            ? (Health.Ok, "a PNG survives encoding and decoding unchanged")
            : (Health.Fail,
            "encoding and decoding a PNG changes its pixels: the libSkiaSharp next to viz belongs to another version; reinstall viz");
    }

    private static (Health, string) Text()
    {
        using var canvas = new Canvas(64, 24, Rgb.Grey(255));
        canvas.Text("viz", 4, 2, 56, new TextStyle(14, Rgb.Grey(0)));
        return canvas.ToImage().Pixels.Any(level => level < 128)
            ? (Health.Ok, "drawn with the bundled font")
            : (Health.Fail, "no text is drawn: the libSkiaSharp next to viz belongs to another version; reinstall viz");
    }

    private static (Health, string) Sqlite()
    {
        var folder = Directory.CreateTempSubdirectory("viz-doctor-");
        try
        {
            new SqliteCatalogDatabase(Path.Combine(folder.FullName, "catalog.db")).MigrateAsync().GetAwaiter().GetResult();
            using var connection = new SqliteConnection("Data Source=:memory:");
            connection.Open();
            return (Health.Ok, $"{connection.ServerVersion}; created a catalog in {Path.GetDirectoryName(folder.FullName)}");
        }
        finally
        {
            SqliteConnection.ClearAllPools();
            folder.Delete(recursive: true);
        }
    }
}
