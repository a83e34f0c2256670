using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Onnx;

namespace VizPipeline.Tests.Network.Formats.Onnx;

public class OnnxTensorTests
{
    [Theory]
    [InlineData(1, "0000803f000000c0", new float[] { 1, -2 })]
    [InlineData(10, "003c00c0", new float[] { 1, -2 })]
    [InlineData(11, "000000000000f03f00000000000000c0", new float[] { 1, -2 })]
    [InlineData(16, "803f00c0", new float[] { 1, -2 })]
    public void Floats_of_every_size_are_read_from_raw_bytes(int type, string hex, float[] expected)
        => Assert.Equal(expected, Read(OnnxModels.Tensor("w", type, 2).Bytes(9, Convert.FromHexString(hex))).Floats!.Values);

    [Theory]
    [InlineData(2, "01fe", new long[] { 1, 254 })]
    [InlineData(3, "01fe", new long[] { 1, -2 })]
    [InlineData(4, "0100feff", new long[] { 1, 65534 })]
    [InlineData(5, "0100feff", new long[] { 1, -2 })]
    [InlineData(6, "01000000feffffff", new long[] { 1, -2 })]
    [InlineData(7, "0100000000000000feffffffffffffff", new long[] { 1, -2 })]
    [InlineData(9, "0100", new long[] { 1, 0 })]
    [InlineData(12, "01000000feffffff", new long[] { 1, 4294967294 })]
    [InlineData(13, "01000000000000000200000000000000", new long[] { 1, 2 })]
    public void Whole_numbers_of_every_size_are_read_from_raw_bytes(int type, string hex, long[] expected)
        => Assert.Equal(expected, Read(OnnxModels.Tensor("w", type, 2).Bytes(9, Convert.FromHexString(hex))).Longs!);

    [Theory]
    [InlineData(3, 5, new long[] { 1, -2 }, new long[] { 1, -2 })]
    [InlineData(6, 5, new long[] { 1, -2 }, new long[] { 1, -2 })]
    [InlineData(9, 5, new long[] { 1, 0 }, new long[] { 1, 0 })]
    [InlineData(7, 7, new long[] { 1, -2 }, new long[] { 1, -2 })]
    [InlineData(12, 11, new long[] { 1, 4294967294 }, new long[] { 1, 4294967294 })]
    [InlineData(13, 11, new long[] { 1, 2 }, new long[] { 1, 2 })]
    public void Whole_numbers_are_read_from_their_list(int type, int field, long[] stored, long[] expected)
        => Assert.Equal(expected, Read(OnnxModels.Tensor("w", type, 2).Numbers(field, stored)).Longs!);

    [Theory]
    [InlineData(10, new long[] { 0x3c00, 0xc000 })]
    [InlineData(16, new long[] { 0x3f80, 0xc000 })]
    public void Sixteen_bit_floats_are_read_from_the_list_of_integers(int type, long[] stored)
        => Assert.Equal([1, -2], Read(OnnxModels.Tensor("w", type, 2).Numbers(5, stored)).Floats!.Values);

    [Fact]
    public void Floats_are_read_from_their_list()
    {
        Assert.Equal([1, -2], Read(OnnxModels.Tensor("w", 1, 2).Bytes(4, Convert.FromHexString("0000803f000000c0"))).Floats!.Values);
        Assert.Equal([1], Read(OnnxModels.Tensor("w", 11).Bytes(10, Convert.FromHexString("000000000000f03f"))).Floats!.Values);
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_named()
    {
        Refused("of 4 bytes, but its shape [2] of F32 needs 8", OnnxModels.Tensor("w", 1, 2).Bytes(9, new byte[4]));
        Refused("of 0 values, but its shape [2] needs 2", OnnxModels.Tensor("w", 1, 2));
        Refused("of 1 values", OnnxModels.Tensor("w", 7, 2).Numbers(7, 1));
        Refused("too large", OnnxModels.Tensor("w", 1, int.MaxValue, int.MaxValue, 8));
        Refused("too large", OnnxModels.Tensor("w", 1, 1 << 30));
        Refused("negative", OnnxModels.Tensor("w", 1, -1));
        Refused("negative", OnnxModels.Tensor("w", 1, 1L << 40));
        Refused("of text, which is not supported", OnnxModels.Tensor("w", 8, 1));
        Refused("of 4-bit integer", OnnxModels.Tensor("w", 22, 1));
        Refused("64 signed bits", OnnxModels.Tensor("w", 13, 1).Numbers(11, -1));
        Refused("one without a name", OnnxModels.Tensor("", 7, 1).Numbers(7, 1));
    }

    [Fact]
    public void External_data_is_read_from_the_models_folder()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.Path("weights"));
        folder.Write("weights/a.bin", Convert.FromHexString("000000000000803f000000c0"));

        Assert.Equal([1, -2], ReadIn(folder, OnnxModels.External("w", "weights/a.bin", ("offset", "4"), ("length", "8"))).Floats!.Values);
        Assert.Equal([0, 1], ReadIn(folder, OnnxModels.External("w", "./weights/a.bin")).Floats!.Values);
    }

    [Theory]
    [InlineData("/etc/hostname")]
    [InlineData("../secret.bin")]
    [InlineData("weights/../../secret.bin")]
    [InlineData("..\\secret.bin")]
    [InlineData("C:\\secret.bin")]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("a.bin\0")]
    public void External_data_outside_of_the_models_folder_is_refused(string location)
    {
        using var folder = new TempFolder();
        var refusal = Assert.Throws<ModelFormatException>(() => ReadIn(folder, OnnxModels.External("w", location)));
        Assert.Contains("not a file in the model's own folder", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void External_data_behind_a_link_is_refused()
    {
        using var folder = new TempFolder();
        File.CreateSymbolicLink(folder.Path("a.bin"), "/etc/hostname");
        Directory.CreateSymbolicLink(folder.Path("weights"), "/etc");
        foreach (var location in new[] { "a.bin", "weights/hostname" })
            Assert.Contains("is a link", Assert.Throws<ModelFormatException>(
                () => ReadIn(folder, OnnxModels.External("w", location))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("8", "8", "which has only 12")]
    [InlineData("-1", "8", "not an integer")]
    [InlineData("9223372036854775807", "8", "which has only 12")]
    [InlineData("0", "4", "needs 8")]
    [InlineData("0", "x", "not an integer")]
    public void External_ranges_are_checked(string offset, string length, string message)
    {
        using var folder = new TempFolder();
        folder.Write("a.bin", new byte[12]);
        var refusal = Assert.Throws<ModelFormatException>(
            () => ReadIn(folder, OnnxModels.External("w", "a.bin", ("offset", offset), ("length", length))));
        Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void External_bytes_cannot_be_used_again_and_again()
    {
        using var folder = new TempFolder();
        folder.Write("a.bin", new byte[12]);
        var graph = OnnxModels.Relu().Message(5, OnnxModels.External("v", "a.bin")).Message(5, OnnxModels.External("w", "a.bin"));
        var path = folder.Write("test.onnx", OnnxModels.Model(graph));
        Assert.Contains(
            "other tensors also use", Assert.Throws<ModelFormatException>(() => OnnxFile.Read(path)).Message, StringComparison.Ordinal);
    }

    private static OnnxTensor Read(ProtoWriter tensor) => OnnxFileTests.Read(OnnxModels.Relu().Message(5, tensor)).Initializers["w"];

    private static OnnxTensor ReadIn(TempFolder folder, ProtoWriter tensor)
        => OnnxFile.Read(folder.Write("test.onnx", OnnxModels.Model(OnnxModels.Relu().Message(5, tensor)))).Initializers["w"];

    private static void Refused(string message, ProtoWriter tensor)
        => Assert.Contains(message, Assert.Throws<ModelFormatException>(() => Read(tensor)).Message, StringComparison.Ordinal);
}
