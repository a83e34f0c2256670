using System.IO.Compression;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.PyTorch;

namespace VizPipeline.Tests.Network.Formats.PyTorch;

public class StateDictTests
{
    [Fact]
    public void Squeezenet_as_torch_saved_it_is_read()
    {
        var tensors = StateDict.Read(TestData.Path("parity", "squeezenet1_1.pth"));

        Assert.Equal(52, tensors.Count);
        Assert.Equal("features.0.weight", tensors.Keys.First());
        Assert.Equal([64, 3, 3, 3], tensors["features.0.weight"].Shape);
        Assert.Equal([1000, 512, 1, 1], tensors["classifier.1.weight"].Shape);
        Assert.Equal([1000], tensors["classifier.1.bias"].Shape);
        Assert.All(tensors.Values, tensor => Assert.All(tensor.Values, value => Assert.InRange(value, -10, 10)));
    }

    [Fact]
    public void Containers_numbers_and_metadata_are_skipped()
    {
        var pickle = new PickleWriter().OrderedDict(dict => dict
            .Text("weight").Pair()
            .Text("list").Op(']').Op('(').Number(1).Raw((byte)'G', 0, 0, 0, 0, 0, 0, 0, 0).Op('e')
            .Text("size").Global("torch", "Size").Tuple(1, 2).Raw(0x85).Op('R')
            .Text("set").Global("__builtin__", "set").Op(']').Raw(0x85).Op('R')
            .Text("none").Op('N').Text("true").Raw(0x88).Text("dtype").Global("torch", "float32"));
        // As Module.state_dict() does: its OrderedDict gets an attribute.
        pickle.Dict(state => state.Text("_metadata").Dict(_ => { })).Op('b');

        var tensors = Read(TorchZip.Of(pickle.End(), TorchZip.Floats("0", 1, 2)));
        Assert.Equal([1, 2], Assert.Single(tensors).Value.Values);
    }

    [Fact]
    public void Views_are_gathered_by_their_strides()
    {
        var pickle = new PickleWriter().Dict(dict => dict
            .Text("whole").Tensor("0", 6, [2, 3], [3, 1])
            .Text("transposed").Tensor("0", 6, [3, 2], [1, 3])
            .Text("column").Tensor("0", 6, [2], [3], offset: 2)
            .Text("repeated").Tensor("0", 6, [2, 2], [0, 1])
            .Text("scalar").Tensor("0", 6, [], [], offset: 5)
            .Text("empty").Tensor("0", 6, [0, 3], [3, 1]));
        var tensors = Read(TorchZip.Of(pickle.End(), TorchZip.Floats("0", 0, 1, 2, 3, 4, 5)));

        Assert.Equal([0, 1, 2, 3, 4, 5], tensors["whole"].Values);
        Assert.Equal([0, 3, 1, 4, 2, 5], tensors["transposed"].Values);
        Assert.Equal([2, 5], tensors["column"].Values);
        Assert.Equal([0, 1, 0, 1], tensors["repeated"].Values);
        Assert.Equal([5], tensors["scalar"].Values);
        Assert.Empty(tensors["empty"].Values);
    }

    [Theory]
    [InlineData("HalfStorage", "003c00c0", 2)]
    [InlineData("BFloat16Storage", "803f00c0", 2)]
    [InlineData("DoubleStorage", "000000000000f03f00000000000000c0", 2)]
    [InlineData("LongStorage", "0100000000000000feffffffffffffff", 2)]
    [InlineData("IntStorage", "01000000feffffff", 2)]
    [InlineData("ShortStorage", "0100feff", 2)]
    [InlineData("CharStorage", "01fe", 2)]
    public void Every_storage_becomes_float(string type, string hex, int count)
    {
        var pickle = new PickleWriter().Dict(dict => dict.Text("a").Tensor("0", count, [2], [1], type: type));
        Assert.Equal([1, -2], Read(TorchZip.Of(pickle.End(), ("data/0", Convert.FromHexString(hex))))["a"].Values);
    }

    [Fact]
    public void Untyped_storages_take_the_type_of_their_tensor()
    {
        var pickle = new PickleWriter().Dict(dict => dict.Text("a")
            .Global("torch._utils", "_rebuild_tensor_v3").Op('(').Storage("0", 8, "UntypedStorage", "torch.storage").Number(0).Tuple(2)
                .Tuple(1)
            .Raw(0x89).Op('}').Global("torch", "float32").Op('t').Op('R'));
        Assert.Equal([1, 2], Read(TorchZip.Of(pickle.End(), TorchZip.Floats("0", 1, 2)))["a"].Values);
    }

    [Fact]
    public void The_weights_inside_a_checkpoint_are_found_and_unwrapped()
    {
        var pickle = new PickleWriter().Dict(checkpoint => checkpoint
            .Text("epoch").Number(90)
            .Text("best").Pair()
            .Text("state_dict").Dict(dict => dict.Text("module.conv.weight").Pair().Text("module.conv.bias").Pair()));
        var tensors = Read(TorchZip.Of(pickle.End(), TorchZip.Floats("0", 1, 2)));

        Assert.Equal(["conv.weight", "conv.bias"], tensors.Keys);
        Assert.Equal("conv.weight", tensors["conv.weight"].Name);
    }

    [Fact]
    public void Parameters_are_their_tensors()
    {
        var pickle = new PickleWriter()
            .Dict(dict => dict.Text("a").Global("torch._utils", "_rebuild_parameter").Op('(').Pair().Raw(0x88).Op('}').Op('t').Op('R'));
        Assert.Equal([1, 2], Read(TorchZip.Of(pickle.End(), TorchZip.Floats("0", 1, 2)))["a"].Values);
    }

    [Theory]
    [InlineData(3L, 1L, 0L)]
    [InlineData(2L, 2L, 0L)]
    [InlineData(2L, 1L, 1L)]
    [InlineData(1L, 1L, 2L)]
    [InlineData(2L, -1L, 1L)]
    [InlineData(-2L, 1L, 0L)]
    [InlineData(2L, 1L, -1L)]
    [InlineData(2L, long.MaxValue, 0L)]
    [InlineData(1L, 1L, long.MaxValue)]
    [InlineData(long.MaxValue, 0L, 0L)]
    [InlineData(int.MaxValue, 0L, 0L)]
    public void Elements_outside_of_the_storage_are_refused(long size, long stride, long offset)
    {
        var pickle = new PickleWriter().Dict(dict => dict.Text("a").Tensor("0", 2, [size], [stride], offset));
        Assert.Throws<ModelFormatException>(() => Read(TorchZip.Of(pickle.End(), TorchZip.Floats("0", 1, 2))));
    }

    [Fact]
    public void A_few_bytes_that_stand_for_a_gigabyte_are_refused()
    {
        var pickle = new PickleWriter().Dict(dict => dict.Text("a").Tensor("0", 2, [16384, 16384], [0, 0]));
        Assert.Contains("can hold", Refusal(TorchZip.Of(pickle.End(), TorchZip.Floats("0", 1, 2))), StringComparison.Ordinal);

        var packed = new PickleWriter().Dict(dict => dict.Text("a").Tensor("0", 1 << 20, [1], [1]));
        Assert.Contains("unpack", Refusal(
            TorchZip.Packed(CompressionLevel.Optimal, packed.End(), ("data/0", new byte[4 << 20]))), StringComparison.Ordinal);
    }

    [Fact]
    public void Storages_that_are_missing_or_of_another_size_are_named()
    {
        var pickle = new PickleWriter().Dict(dict => dict.Text("a").Pair()).End();
        Assert.Contains("lacks the storage '0'", Refusal(TorchZip.Of(pickle)), StringComparison.Ordinal);
        Assert.Contains("12 bytes in storage '0'", Refusal(TorchZip.Of(pickle, TorchZip.Floats("0", 1, 2, 3))), StringComparison.Ordinal);
    }

    [Fact]
    public void Other_kinds_of_file_say_what_to_do()
    {
        var pickle = new PickleWriter().Dict(dict => dict.Text("a").Pair()).End();
        Assert.Contains("byte order 'big'", Refusal(
            TorchZip.Of(pickle, ("byteorder", "big"u8.ToArray()), TorchZip.Floats("0", 1, 2))), StringComparison.Ordinal);
        Assert.Contains("TorchScript", Refusal(TorchZip.Of(pickle, ("constants.pkl", pickle))), StringComparison.Ordinal);
        Assert.Contains("damaged zip", Refusal([1, 2, 3]), StringComparison.Ordinal);
        Assert.Contains("other than a dict", Refusal(TorchZip.Of(new PickleWriter().Number(1).End())), StringComparison.Ordinal);
        Assert.Contains(
            "no tensors", Refusal(TorchZip.Of(new PickleWriter().Dict(dict => dict.Text("a").Number(1)).End())), StringComparison.Ordinal);
    }

    [Fact]
    public void Damage_is_read_or_refused()
    {
        var pickle = new PickleWriter()
            .OrderedDict(dict => dict.Text("conv.weight").Tensor("0", 6, [3, 2], [1, 3]).Text("conv.bias").Tensor("1", 2, [2], [1]));
        MutationFuzz.Check(
            TorchZip.Of(pickle.End(), TorchZip.Floats("0", 1, 2, 3, 4, 5, 6), TorchZip.Floats("1", 1, 2)),
            path => StateDict.Read(path),
            ".pth");
    }

    private static IReadOnlyDictionary<string, FloatTensor> Read(byte[] bytes)
    {
        using var folder = new TempFolder();
        return StateDict.Read(folder.Write("test.pth", bytes));
    }

    private static string Refusal(byte[] bytes) => Assert.Throws<ModelFormatException>(() => Read(bytes)).Message;
}
