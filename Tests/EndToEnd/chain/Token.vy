# pragma version ^0.4.0
# A token whose balances anybody may set. mode: 0 honest, 1 reverts, 2 endless gas, 3 huge answers, 4 an answer too short.
mode: public(uint256)
balances: HashMap[address, uint256]
allowances: HashMap[address, HashMap[address, uint256]]

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    amount: uint256

@external
def setMode(mode: uint256):
    self.mode = mode

@external
def give(owner: address, amount: uint256):
    self.balances[owner] = amount

@external
def allow(owner: address, spender: address, amount: uint256):
    self.allowances[owner][spender] = amount

@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    self.allowances[owner][msg.sender] -= amount
    self.balances[owner] -= amount
    self.balances[to] += amount
    log Transfer(sender=owner, receiver=to, amount=amount)
    return True

@view
@internal
def _answer(amount: uint256) -> Bytes[8192]:
    if self.mode == 1:
        raise "no"
    if self.mode == 2:
        x: bytes32 = keccak256("")
        for i: uint256 in range(max_value(uint256)):
            x = keccak256(x)
    if self.mode == 3:
        return abi_encode(empty(uint256[200]))
    if self.mode == 4:
        return slice(abi_encode(amount), 0, 31)
    return abi_encode(amount)

@raw_return
@view
@external
def balanceOf(owner: address) -> Bytes[8192]:
    return self._answer(self.balances[owner])

@raw_return
@view
@external
def allowance(owner: address, spender: address) -> Bytes[8192]:
    return self._answer(self.allowances[owner][spender])
