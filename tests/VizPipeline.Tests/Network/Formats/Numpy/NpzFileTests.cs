using System.IO.Compression;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Numpy;

namespace VizPipeline.Tests.Network.Formats.Numpy;

public class NpzFileTests
{
    [Fact]
    public void Reference_tables_are_read()
    {
        var sample = NpzFile.Read(TestData.Path("tiny-darknet", "dev-sample.npz"));
        Assert.Equal([16, 224, 224, 3], sample.Array("crops").Shape);
        Assert.All(sample.Array("images").ToStrings(), name => Assert.EndsWith(".JPEG", name, StringComparison.Ordinal));

        var top = NpzFile.Read(TestData.Path("tiny-darknet", "dev-top9.npz"));
        Assert.Equal([16, 9], top.Array("conv1.act.top_image").Shape);
        Assert.All(top.Array("conv1.act.top_image").ToInts(), image => Assert.InRange(image, 0, 499));
        Assert.Equal(2, top.Array("conv1.act.top_yx").Shape[2]);
        Assert.Equal("<i8", NpzFile.Read(TestData.Path("tiny-darknet", "dev-deconv.npz")).Array("channel").DType);
    }

    [Fact]
    public void Arrays_are_found_by_name()
    {
        using var folder = new TempFolder();
        var file = NpzFile.Read(folder.Write("a.npz", Zip(("x.npy", Numbers), ("notes.txt", [1]))));

        Assert.Equal(["x"], file.Names);
        Assert.Equal([1, 2, 3], file.Array("x").ToInts());
        Assert.Contains(
            "no array 'y'; it has x", Assert.Throws<ModelFormatException>(() => file.Array("y")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_arrays_of_one_name_are_refused()
    {
        using var folder = new TempFolder();
        var path = folder.Write("a.npz", Zip(("x.npy", Numbers), ("x.npy", Numbers)));
        Assert.Contains("two parts named", Assert.Throws<ModelFormatException>(() => NpzFile.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damage_is_read_or_refused()
    {
        var valid = Zip(("x.npy", Numbers), ("y.npy", Numbers));
        MutationFuzz.Check(valid, path =>
        {
            var file = NpzFile.Read(path);
            foreach (var name in file.Names)
                file.Array(name);
        }, ".npz");
    }

    private static byte[] Numbers => NpyArrayTests.FileOf(1, "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }", [1, 2, 3]);

    private static byte[] Zip(params (string Name, byte[] Bytes)[] parts)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create))
        {
            foreach (var (name, bytes) in parts)
            {
                using var entry = zip.CreateEntry(name, CompressionLevel.Optimal).Open();
                entry.Write(bytes);
            }
        }
        return stream.ToArray();
    }
}
