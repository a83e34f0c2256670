using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.PyTorch;

namespace VizPipeline.Tests.Network.Formats.PyTorch;

/// <summary>Pickles that would run code in Python, or fill memory or stack here.</summary>
public class HostilePickleTests
{
    [Fact]
    public void A_function_to_call_is_refused_by_name()
        => RunsCode("posix.system", new PickleWriter().Global("posix", "system").Text("id").Raw(0x85).Op('R'));

    [Fact]
    public void A_function_named_on_the_stack_is_refused()
        => RunsCode("os.system", new PickleWriter().Text("os").Text("system").Raw(0x93).Text("id").Raw(0x85).Op('R'));

    [Fact]
    public void A_whole_module_is_refused_by_the_name_of_its_class()
        => RunsCode("torchvision.models.alexnet.AlexNet", new PickleWriter().Global("torchvision.models.alexnet", "AlexNet").Op(')').Raw(
            0x81).Op('}').Op('b'));

    [Theory]
    [InlineData("torch", "load")]
    [InlineData("torch.storage", "_load_from_bytes")]
    [InlineData("torch.hub", "load")]
    [InlineData("builtins", "eval")]
    [InlineData("builtins", "getattr")]
    [InlineData("numpy", "load")]
    [InlineData("collections", "defaultdict")]
    [InlineData("torch._utils", "_rebuild_tensor_v2.__globals__")]
    [InlineData("torch", "_utils._rebuild_tensor_v2")]
    public void Names_beside_the_known_ones_are_refused(string module, string name)
        => Assert.Contains("would run code", Refusal(new PickleWriter().Global(module, name).End()), StringComparison.Ordinal);

    [Fact]
    public void INST_is_refused()
        => RunsCode("instruction Inst", new PickleWriter().Op('(').Text("id").Op('i').Raw("os\nsystem\n"u8.ToArray()));

    [Fact]
    public void OBJ_is_refused() => RunsCode("instruction Obj", new PickleWriter().Op('(').Global("collections", "OrderedDict").Op('o'));

    [Fact]
    public void NEWOBJ_is_refused()
        => RunsCode("instruction NewObj", new PickleWriter().Global("collections", "OrderedDict").Op(')').Raw(0x81));

    [Fact]
    public void NEWOBJ_EX_is_refused()
        => RunsCode("instruction NewObjEx", new PickleWriter().Global("collections", "OrderedDict").Op(')').Op('}').Raw(0x92));

    [Theory]
    [InlineData(0x82, 1)]
    [InlineData(0x83, 2)]
    [InlineData(0x84, 4)]
    public void EXT_is_refused(byte opcode, int width)
        => RunsCode("instruction Ext" + width, new PickleWriter().Raw(opcode).Raw(new byte[width]));

    [Fact]
    public void BUILD_on_anything_but_a_dict_is_refused()
    {
        RunsCode("state of its own", new PickleWriter().Pair().Dict(state => state.Text("__class__").Number(1)).Op('b'));
        RunsCode("state of its own", new PickleWriter().Op('}').Number(1).Op('b'));
    }

    [Fact]
    public void Calls_of_what_is_no_function_are_refused()
    {
        RunsCode("not a known function", new PickleWriter().Text("os.system").Op(')').Op('R'));
        RunsCode("not a known function", new PickleWriter().Global("torch", "FloatStorage").Op(')').Op('R'));
    }

    [Fact]
    public void A_known_function_with_other_arguments_is_refused()
    {
        Assert.Contains("unexpected arguments", Refusal(
            new PickleWriter().Global("torch._utils", "_rebuild_tensor_v2").Op(')').Op('R').End()), StringComparison.Ordinal);
        Assert.Contains("not a storage", Refusal(new PickleWriter().Text("file:///etc/passwd").Op('Q').End()), StringComparison.Ordinal);
    }

    [Fact]
    public void Depth_costs_no_stack()
    {
        var deep = new PickleWriter();
        for (var i = 0; i < 1_000_000; i++)
            deep.Op(']').Op('(');
        for (var i = 0; i < 999_999; i++)
            deep.Op('l');
        Assert.Contains("other than a dict", Refusal(deep.Op('l').End()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_dict_that_contains_itself_ends()
        => Assert.Contains("no tensors", Refusal(
            new PickleWriter().Op('}').Raw((byte)'q', 0).Text("state_dict").Raw((byte)'h', 0).Op('s').End()), StringComparison.Ordinal);

    [Fact]
    public void Laughing_a_billion_times_is_cheap()
    {
        // Sixty-four doublings of a tuple: 2^64 elements, if anybody looked.
        var laughs = new PickleWriter().Op('}').Op(')');
        for (var i = 0; i < 64; i++)
            laughs.Op('2').Raw(0x86);
        Assert.Contains("no tensors", Refusal(laughs.Op('2').Op('s').End()), StringComparison.Ordinal);
    }

    [Fact]
    public void Making_many_dicts_of_one_long_list_is_cheap()
    {
        // A hundred thousand pairs, and as many dicts of them: 10^10 pairs, if each dict had its own.
        var pickle = new PickleWriter().Op('}').Op(']').Raw((byte)'q', 0).Op('(');
        for (var i = 0; i < 100_000; i++)
            pickle.Op(')').Op(')').Raw(0x86);
        pickle.Op('e');
        for (var i = 0; i < 100_000; i++)
            pickle.Global("collections", "OrderedDict").Raw((byte)'h', 0).Raw(0x85).Op('R').Op('0');
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("no tensors", Refusal(pickle.Op('0').End()), StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 500L << 20);
    }

    [Fact]
    public void Asking_many_times_what_a_long_dict_has_for_keys_is_cheap()
    {
        // Two hundred thousand pairs, and as many states of them: 4 * 10^10 keys, if each were looked at.
        var pickle = new PickleWriter().Op('}').Op('}').Op('(');
        pickle.Text("").Raw((byte)'q', 0).Op('N');
        for (var i = 1; i < 200_000; i++)
            pickle.Raw((byte)'h', 0).Op('N');
        pickle.Op('u').Raw((byte)'q', 1);
        for (var i = 0; i < 200_000; i++)
            pickle.Raw((byte)'h', 1).Op('b');
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.Contains("no tensors", Refusal(pickle.Op('0').End()), StringComparison.Ordinal);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 5);
    }

    [Fact]
    public void What_is_stepped_over_is_nothing_whatever_it_is_given()
    {
        var refusal = Refusal(new PickleWriter().Op('}').Text("args").Global("argparse", "Namespace").Op('(')
            .Global("torch._utils", "_rebuild_tensor_v2").Op('t').Op('R').Text("state").Op('b').Op('s').End());
        Assert.Contains("no tensors", refusal, StringComparison.Ordinal);
        RunsCode("argparse.ArgumentParser", new PickleWriter().Global("argparse", "ArgumentParser").Op(')').Raw(0x81));
        RunsCode("not a known function", new PickleWriter().Global("argparse", "Namespace").Op(')').Raw(0x81).Op(')').Op('R'));
    }

    [Theory]
    [InlineData("8b00000080")]
    [InlineData("8bffffff7f")]
    [InlineData("58ffffffff")]
    [InlineData("8dffffffffffffffff")]
    [InlineData("8effffffffffffff7f")]
    [InlineData("95ffffffffffffffff")]
    [InlineData("8a09010101010101010101")]
    public void Lengths_beyond_the_pickle_are_refused(string hex)
        => Assert.Throws<ModelFormatException>(() => Read(new PickleWriter().Raw(Convert.FromHexString(hex)).End()));

    [Theory]
    [InlineData("30")]
    [InlineData("31")]
    [InlineData("32")]
    [InlineData("52")]
    [InlineData("62")]
    [InlineData("73")]
    [InlineData("75")]
    [InlineData("7500")]
    [InlineData("6100")]
    [InlineData("87")]
    [InlineData("7100")]
    [InlineData("6800")]
    [InlineData("6affffffff")]
    [InlineData("51")]
    [InlineData("00")]
    [InlineData("63")]
    [InlineData("7d284b0175")]
    public void Pickles_that_make_no_sense_are_refused(string hex)
        => Assert.Throws<ModelFormatException>(() => Read(new PickleWriter().Raw(Convert.FromHexString(hex)).End()));

    [Fact]
    public void A_memo_index_of_four_billion_costs_no_memory()
        => Assert.Contains(
            "no tensors", Refusal(new PickleWriter().Op('}').Raw((byte)'r', 255, 255, 255, 255).End()), StringComparison.Ordinal);

    private static void RunsCode(string what, PickleWriter pickle)
    {
        var refusal = Refusal(pickle.End());
        Assert.Contains(what, refusal, StringComparison.Ordinal);
        Assert.Contains("which would run code; only plain state dicts are read", refusal, StringComparison.Ordinal);
    }

    private static void Read(byte[] pickle)
    {
        using var folder = new TempFolder();
        StateDict.Read(folder.Write("test.pth", TorchZip.Of(pickle, TorchZip.Floats("0", 1, 2))));
    }

    private static string Refusal(byte[] pickle) => Assert.Throws<ModelFormatException>(() => Read(pickle)).Message;
}
