using System.Text;
using VizPipeline.Network.Formats.Safetensors;

namespace VizPipeline.Tests.Network.Formats.Safetensors;

public class SafetensorsWriterTests
{
    [Fact]
    public void The_bytes_are_those_of_the_format()
    {
        using var stream = new MemoryStream();
        new SafetensorsWriter().Add("b", [1, 2], 2).Add("a", [1f], 1).WriteTo(stream);

        const string Header =
            """{"b":{"dtype":"I32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""";
        var padded = Header.PadRight((Header.Length + 7) / 8 * 8);
        byte[] expected =
        [
            .. BitConverter.GetBytes((long)padded.Length), .. Encoding.ASCII.GetBytes(padded), 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0x80, 0x3f,
        ];
        Assert.Equal(expected, stream.ToArray());
    }

    [Fact]
    public void What_was_written_is_read_again()
    {
        using var folder = new TempFolder();
        var path = folder.Path("a.safetensors");
        var writer = new SafetensorsWriter().Add("größe \"1\"", [1.5f, -2, 3], 3).Add("d", [0.1, 0.2], 1, 2).Add("l", [long.MaxValue], 1)
            .Add("u", new byte[] { 7, 8 }, 2);
        writer.Metadata["seed"] = "4711";
        writer.WriteTo(path);

        var file = SafetensorsFile.Read(path);
        Assert.Equal(["größe \"1\"", "d", "l", "u"], file.Entries.Select(entry => entry.Name));
        Assert.Equal([1.5f, -2, 3], file.ReadArray<float>("größe \"1\""));
        Assert.Equal([0.1, 0.2], file.ReadArray<double>("d"));
        Assert.Equal([long.MaxValue], file.ReadArray<long>("l"));
        Assert.Equal<byte>([7, 8], file.ReadArray<byte>("u"));
        Assert.Equal("4711", file.Metadata["seed"]);
        Assert.Equal(["a.safetensors"], folder.Names);
    }

    [Fact]
    public void A_failed_write_leaves_no_rubbish()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.Path("taken"));

        Assert.ThrowsAny<Exception>(() => new SafetensorsWriter().Add("a", [1f], 1).WriteTo(folder.Path("taken")));
        Assert.Equal(["taken"], folder.Names);
    }

    [Fact]
    public void Wrong_shapes_and_names_taken_are_refused()
    {
        var writer = new SafetensorsWriter().Add("a", [1f], 1);
        Assert.Throws<ArgumentException>(() => writer.Add("a", [1f], 1));
        Assert.Throws<ArgumentException>(() => writer.Add("b", [1f], 2));
        Assert.Throws<ArgumentException>(() => writer.Add("__metadata__", [1f], 1));
    }
}
